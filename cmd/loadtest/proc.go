package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of times in /proc/PID/stat (proc(5)): 100 a second on every Linux architecture that Go supports.
const clockTick = 10 * time.Millisecond

// procStat is what is read of /proc/PID/stat.
type procStat struct {
	pid, parent int
	cpu         time.Duration // of the process and of its children that have ended
}

func readStat(path string) (procStat, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return procStat{}, err
	}
	// The name, in brackets, may hold anything; what follows the last bracket are fields 3 and on.
	head, rest := raw[:bytes.IndexByte(raw, ' ')], raw[bytes.LastIndexByte(raw, ')')+2:]
	fields := strings.Fields(string(rest))
	if len(fields) < 15 {
		return procStat{}, fmt.Errorf("%s: %d fields", path, len(fields))
	}
	var s procStat
	if s.pid, err = strconv.Atoi(string(head)); err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	if s.parent, err = strconv.Atoi(fields[1]); err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	for _, f := range fields[11:15] { // utime, stime, cutime, cstime
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return s, fmt.Errorf("%s: %w", path, err)
		}
		s.cpu += time.Duration(n) * clockTick
	}
	return s, nil
}

// cpuTimes is the processor time that each named process has used with all its descendants.
func cpuTimes(roots map[string]int) (map[string]time.Duration, error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	all := map[int]procStat{}
	for _, f := range files {
		if s, err := readStat(f); err == nil { // one that has ended meanwhile is counted by its parent
			all[s.pid] = s
		}
	}
	out := map[string]time.Duration{}
	for name, root := range roots {
		if _, ok := all[root]; !ok {
			return nil, fmt.Errorf("process %d (%s) does not run", root, name)
		}
		for pid, s := range all {
			if below(all, pid, root) {
				out[name] += s.cpu
			}
		}
	}
	return out, nil
}

func below(all map[int]procStat, pid, root int) bool {
	for pid != root {
		s, ok := all[pid]
		if !ok || pid <= 1 {
			return false
		}
		pid = s.parent
	}
	return true
}

// resident is the memory of a process that is in RAM, in bytes.
func resident(pid int) (int64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("process %d shows no resident memory", pid)
}
