package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
)

// share is a part of something.
type share struct {
	Name  string  `json:"name"`
	Share float64 `json:"share"`
}

// Where a sample counts that has no frame of our own packages.
const (
	collector = "garbage collector"
	elsewhere = "runtime and libraries"
	module    = "sportello/"
)

// heaviest reads a CPU profile of pprof. own are the heaviest of our packages, each with all that it calls of others; leaves are the
// packages whose code ran.
func heaviest(profile []byte, n int) (own, leaves []share, err error) {
	p, err := readProfile(profile)
	if err != nil {
		return nil, nil, err
	}
	byOwn, byLeaf := map[string]int64{}, map[string]int64{}
	for _, s := range p.samples {
		if len(s.stack) == 0 || len(s.values) == 0 {
			continue
		}
		weight := s.values[len(s.values)-1] // of a CPU profile: nanoseconds
		place, leaf := elsewhere, ""
		for _, location := range s.stack {
			for _, function := range p.frames[location] {
				name := packageOf(p.name(function))
				if leaf == "" {
					leaf = name
				}
				if at, ok := strings.CutPrefix(name, module); ok && place == elsewhere {
					place = at
				}
				if p.name(function) == "runtime.gcBgMarkWorker" {
					place = collector
				}
			}
		}
		byOwn[place] += weight
		byLeaf[strings.TrimPrefix(leaf, module)] += weight
	}
	return largest(byOwn, n), largest(byLeaf, n), nil
}

// largest are the n largest parts of a whole.
func largest(parts map[string]int64, n int) (all []share) {
	total := int64(0)
	for _, v := range parts {
		total += v
	}
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		all = append(all, share{name, float64(parts[name]) / float64(max(total, 1))})
	}
	slices.SortStableFunc(all, func(a, b share) int { return cmp.Compare(b.Share, a.Share) })
	return all[:min(n, len(all))]
}

// packageOf is the path of a function's package: "a/b" of "a/b.(*T).M[x/y.Z]".
func packageOf(function string) string {
	function, _, _ = strings.Cut(function, "[")
	slash := strings.LastIndexByte(function, '/') + 1
	name, _, _ := strings.Cut(function[slash:], ".")
	return function[:slash] + name
}

// profileData is what is read of a profile (github.com/google/pprof/proto/profile.proto, which describes the format).
type profileData struct {
	samples []profileSample
	frames  map[uint64][]uint64 // functions by location, the innermost first
	names   map[uint64]uint64   // index of the name by function
	strings []string
}

type profileSample struct {
	stack  []uint64 // locations, the innermost first
	values []int64
}

func (p *profileData) name(function uint64) string {
	if i := p.names[function]; i < uint64(len(p.strings)) {
		return p.strings[i]
	}
	return ""
}

func readProfile(zipped []byte) (*profileData, error) {
	z, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	p := &profileData{frames: map[uint64][]uint64{}, names: map[uint64]uint64{}}
	return p, fields(raw, func(field, _ uint64, sub []byte) error {
		switch field {
		case 2:
			return p.sample(sub)
		case 4:
			return p.location(sub)
		case 5:
			return p.function(sub)
		case 6:
			p.strings = append(p.strings, string(sub))
		}
		return nil
	})
}

func (p *profileData) sample(b []byte) error {
	var s profileSample
	err := fields(b, func(field, v uint64, sub []byte) error {
		for _, v := range numbersOf(v, sub) {
			switch field {
			case 1:
				s.stack = append(s.stack, v)
			case 2:
				s.values = append(s.values, int64(v)) //nolint:gosec // it is written so
			}
		}
		return nil
	})
	p.samples = append(p.samples, s)
	return err
}

func (p *profileData) location(b []byte) error {
	var id uint64
	var functions []uint64
	err := fields(b, func(field, v uint64, sub []byte) error {
		switch field {
		case 1:
			id = v
		case 4:
			return fields(sub, func(field, v uint64, _ []byte) error {
				if field == 1 {
					functions = append(functions, v)
				}
				return nil
			})
		}
		return nil
	})
	p.frames[id] = functions
	return err
}

func (p *profileData) function(b []byte) error {
	var id, name uint64
	err := fields(b, func(field, v uint64, _ []byte) error {
		switch field {
		case 1:
			id = v
		case 2:
			name = v
		}
		return nil
	})
	p.names[id] = name
	return err
}

// numbersOf are the numbers of a repeated field, which may be packed into one.
func numbersOf(one uint64, packed []byte) (all []uint64) {
	if packed == nil {
		return []uint64{one}
	}
	for len(packed) > 0 {
		v, n := binary.Uvarint(packed)
		if n <= 0 {
			return all
		}
		all, packed = append(all, v), packed[n:]
	}
	return all
}

var errWire = errors.New("not a profile")

// fields reads a message of Protocol Buffers: each field with its number, or its bytes, which are not nil then.
func fields(b []byte, each func(field, v uint64, sub []byte) error) error {
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		if n <= 0 {
			return errWire
		}
		b = b[n:]
		v, n := binary.Uvarint(b)
		if n <= 0 {
			return errWire
		}
		b = b[n:]
		var sub []byte
		switch tag & 7 {
		case 0:
		case 2:
			if v > uint64(len(b)) {
				return errWire
			}
			sub, b = b[:v:v], b[v:]
		default:
			return errWire // a profile has no other types
		}
		if err := each(tag>>3, v, sub); err != nil {
			return err
		}
	}
	return nil
}
