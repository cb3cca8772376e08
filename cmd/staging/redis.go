package staging

import (
	"context"
	"errors"
	"fmt"
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

// Shape is how Redis is run.
type Shape string

// The shapes.
const (
	Single  Shape = ""
	Cluster Shape = "cluster" // three masters
	Watched Shape = "watched" // a master, its replica, and a sentinel that promotes the replica when the master is gone
)

// Redis is Redis in one of its shapes. It keeps what it has been told in a log that it flushes every second, and finds it again when it
// starts.
type Redis struct {
	shape    Shape
	nodes    []*redisNode
	sentinel *redisNode // nil in the other shapes
}

type redisNode struct {
	dir, address, bus string
	shape             Shape
	follows           string // the master's address; "" for a master
	run               *process.Process
}

// NewRedis starts a Redis with its data under dir.
func NewRedis(ctx context.Context, dir string, shape Shape) (*Redis, error) {
	r := &Redis{shape: shape}
	for i := range map[Shape]int{Single: 1, Cluster: 3, Watched: 2}[shape] {
		n := &redisNode{dir: fmt.Sprintf("%s%d", dir, i), shape: shape}
		if err := n.prepare(); err != nil {
			return r, err
		}
		if shape == Watched && i > 0 {
			n.follows = r.nodes[0].address
		}
		r.nodes = append(r.nodes, n)
		if err := n.start(ctx); err != nil {
			return r, err
		}
	}
	switch shape {
	case Cluster:
		return r, r.join(ctx)
	case Watched:
		return r, r.watch(ctx, dir+"-sentinel")
	}
	return r, nil
}

// Addresses are what a gateway is told, host:port: the servers, or the sentinel.
func (r *Redis) Addresses() (all []string) {
	if r.sentinel != nil {
		return []string{r.sentinel.address}
	}
	for _, n := range r.nodes {
		all = append(all, n.address)
	}
	return all
}

// PID is the first server's process.
func (r *Redis) PID() int { return r.nodes[0].run.PID() }

// Start starts what does not run, in the order of the nodes, and waits until all answer.
func (r *Redis) Start(ctx context.Context) error {
	for _, n := range r.nodes {
		if !n.run.Running() {
			if err := n.start(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// Kill ends all servers as a crash does, but for the sentinel.
func (r *Redis) Kill() {
	for _, n := range r.nodes {
		n.run.Kill()
	}
}

// Close ends everything.
func (r *Redis) Close() {
	if r.sentinel != nil {
		r.sentinel.run.Kill()
	}
	r.Kill()
}

// Stop ends all servers in order.
func (r *Redis) Stop() error {
	var errs []error
	for _, n := range r.nodes {
		errs = append(errs, n.run.Stop())
	}
	return errors.Join(errs...)
}

func (n *redisNode) prepare() (err error) {
	if n.address, err = process.FreeAddress(); err != nil {
		return err
	}
	if n.bus, err = process.FreeAddress(); err != nil {
		return err
	}
	return os.Mkdir(n.dir, 0o755)
}

func (n *redisNode) start(ctx context.Context) error {
	server, err := process.Program("redis-server", "redis-server")
	if err != nil {
		return err
	}
	args := []string{"--port", process.Port(n.address), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--appendfsync", "everysec", "--dir", n.dir}
	switch {
	case n.shape == Cluster:
		args = append(args, "--cluster-enabled", "yes", "--cluster-port", process.Port(n.bus), "--cluster-node-timeout", "2000")
	case n.follows != "":
		args = append(args, "--replicaof", "127.0.0.1", process.Port(n.follows))
	}
	if n.shape == Watched {
		args = append(args, "--repl-diskless-sync-delay", "0")
	}
	if n.run, err = process.Launch(exec.Command(server, args...), n.dir+".log", syscall.SIGTERM); err != nil { //nolint:noctx // it outlives the call
		return err
	}
	client := n.client()
	defer client.Close() //nolint:errcheck // it is only asked
	return n.run.Await(ctx, func(ctx context.Context) error { return client.Ping(ctx).Err() })
}

func (n *redisNode) client() *redis.Client {
	return redis.NewClient(&redis.Options{Addr: n.address, DisableIdentity: true})
}

// join makes one cluster of the servers, each with a third of the slots.
func (r *Redis) join(ctx context.Context) error {
	const slots = 16384
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	for i, n := range r.nodes {
		c := n.client()
		defer c.Close() //nolint:errcheck // nothing is kept in it
		if err := c.ClusterAddSlotsRange(ctx, i*slots/len(r.nodes), (i+1)*slots/len(r.nodes)-1).Err(); err != nil {
			return err
		}
		if err := c.Do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err(); err != nil {
			return err
		}
		for _, other := range r.nodes[:i] {
			if err := c.Do(ctx, "CLUSTER", "MEET", "127.0.0.1", process.Port(other.address), process.Port(other.bus)).Err(); err != nil {
				return err
			}
		}
	}
	for _, n := range r.nodes {
		c := n.client()
		defer c.Close() //nolint:errcheck // nothing is kept in it
		for {
			info, err := c.ClusterInfo(ctx).Result()
			if err == nil && strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_known_nodes:3") {
				break
			}
			if !pause.For(ctx, 100*time.Millisecond) {
				return fmt.Errorf("%s: the cluster is not whole: %w", filepath.Base(n.dir), ctx.Err())
			}
		}
	}
	return nil
}
