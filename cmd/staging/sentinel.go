package staging

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"sportello/channels/pause"
	"sportello/cmd/staging/process"
)

// masterName is what the sentinel calls the master.
const masterName = "desk"

// watch starts the sentinel, and waits until it and the replica are ready for a failover.
func (r *Redis) watch(ctx context.Context, dir string) (err error) {
	n := &redisNode{dir: dir}
	if err = n.prepare(); err != nil {
		return err
	}
	server, err := process.Program("redis-server", "redis-server")
	if err != nil {
		return err
	}
	conf := filepath.Join(dir, "sentinel.conf") // the sentinel rewrites it
	text := fmt.Sprintf("port %s\nbind 127.0.0.1\ndir %s\nsentinel monitor %s 127.0.0.1 %s 1\nsentinel down-after-milliseconds %[3]s 1000\n"+
		"sentinel failover-timeout %[3]s 4000\n", process.Port(n.address), dir, masterName, process.Port(r.nodes[0].address))
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return err
	}
	if n.run, err = process.Launch(exec.Command(server, conf, "--sentinel"), dir+".log", syscall.SIGTERM); err != nil { //nolint:noctx // it outlives the call
		return err
	}
	r.sentinel = n
	return n.run.Await(ctx, r.paired)
}

// paired reports what keeps the replica from being promoted.
func (r *Redis) paired(ctx context.Context) error {
	s := redis.NewSentinelClient(&redis.Options{Addr: r.sentinel.address, DisableIdentity: true})
	defer s.Close() //nolint:errcheck // it is only asked
	replicas, err := s.Replicas(ctx, masterName).Result()
	if err != nil {
		return err
	}
	for _, replica := range replicas {
		if replica["master-link-status"] == "ok" && replica["flags"] == "slave" {
			return nil
		}
	}
	return errors.New("the sentinel knows no replica that could be promoted")
}

// master is where the sentinel says that the master is.
func (r *Redis) master(ctx context.Context) (string, error) {
	s := redis.NewSentinelClient(&redis.Options{Addr: r.sentinel.address, DisableIdentity: true})
	defer s.Close() //nolint:errcheck // it is only asked
	at, err := s.GetMasterAddrByName(ctx, masterName).Result()
	if err != nil || len(at) != 2 {
		return "", fmt.Errorf("ask the sentinel for the master: %v: %w", at, err)
	}
	return net.JoinHostPort(at[0], at[1]), nil
}

// Failover kills the master, waits until the replica is the master, and starts the killed one again as its replica.
func (r *Redis) Failover(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	if err := r.sentinel.run.Await(ctx, r.paired); err != nil {
		return err
	}
	was, err := r.master(ctx)
	if err != nil {
		return err
	}
	if r.nodes[0].address != was {
		r.nodes[0], r.nodes[1] = r.nodes[1], r.nodes[0]
	}
	old, heir := r.nodes[0], r.nodes[1]
	old.run.Kill()
	c := heir.client()
	defer c.Close() //nolint:errcheck // nothing is kept in it
	for {
		info, err := c.Info(ctx, "replication").Result()
		if err == nil && strings.Contains(info, "role:master") {
			if is, err := r.master(ctx); err == nil && is == heir.address {
				break
			}
		}
		if !pause.For(ctx, 50*time.Millisecond) {
			return fmt.Errorf("%s was not promoted: %w", heir.address, ctx.Err())
		}
	}
	r.nodes[0], r.nodes[1] = heir, old
	heir.follows, old.follows = "", heir.address
	return old.start(ctx)
}
