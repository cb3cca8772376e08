package live

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"sportello/channels/pause"
)

const (
	nodeBeat = 5 * time.Second
	nodeLife = 15 * time.Second
)

// Attend makes this program known among the gateways until ctx ends; it returns nil then, and takes it off the list. While Redis cannot
// be reached the program is not on it.
func (in *Inbox) Attend(ctx context.Context, node string) error {
	for {
		if err := in.attend(ctx, node); err != nil && ctx.Err() == nil {
			in.o.Log.Debug("not on the list of gateways", "err", err) // the guard says that Redis is away
		}
		if !pause.For(ctx, nodeBeat) {
			leaving, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			_ = in.rdb.ZRem(leaving, in.key("nodes"), node).Err() // the list forgets it by itself
			return nil
		}
	}
}

func (in *Inbox) attend(ctx context.Context, node string) error {
	now, key := in.now(), in.key("nodes")
	if err := in.rdb.ZAdd(ctx, key, redis.Z{Score: float64(milli(now.Add(nodeLife))), Member: node}).Err(); err != nil {
		return err
	}
	return in.rdb.ZRemRangeByScore(ctx, key, "-inf", strconv.FormatInt(milli(now), 10)).Err()
}

// Nodes are the gateways that run now, by name.
func (in *Inbox) Nodes(ctx context.Context) ([]string, error) {
	nodes, err := in.rdb.ZRangeByScore(ctx, in.key("nodes"), &redis.ZRangeBy{Min: strconv.FormatInt(milli(in.now()), 10), Max: "+inf"}).Result()
	if err != nil {
		return nil, fmt.Errorf("live nodes: %w", err)
	}
	return nodes, nil
}

// Replicas is how many servers follow the one that holds the inbox. It is 0 where the server does not say (miniredis).
func (in *Inbox) Replicas(ctx context.Context) int {
	n, err := strconv.Atoi(in.info(ctx, "replication")["connected_slaves"])
	if err != nil {
		return 0
	}
	return n
}
