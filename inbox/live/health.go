package live

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"sportello/channels"
)

// SetHealth publishes what a gateway knows of accounts, in place of what it said before; nothing takes it back. It counts while the
// gateway is on the list (Attend).
func (in *Inbox) SetHealth(ctx context.Context, node string, all []channels.Health) error {
	key := in.key("health")
	var err error
	if len(all) == 0 {
		err = in.rdb.HDel(ctx, key, node).Err()
	} else {
		var data []byte
		if data, err = json.Marshal(all); err == nil {
			err = in.rdb.HSet(ctx, key, node, data).Err()
		}
	}
	if err != nil {
		return fmt.Errorf("publish health: %w", err)
	}
	return nil
}

// Health is what each gateway that runs says of accounts. What one said that runs no more is removed.
func (in *Inbox) Health(ctx context.Context) (map[string][]channels.Health, error) {
	said, err := in.rdb.HGetAll(ctx, in.key("health")).Result()
	if err != nil {
		return nil, fmt.Errorf("read health: %w", err)
	}
	nodes, err := in.Nodes(ctx)
	if err != nil {
		return nil, err
	}
	all := map[string][]channels.Health{}
	var gone []string
	for node, data := range said {
		if !slices.Contains(nodes, node) {
			gone = append(gone, node)
			continue
		}
		var h []channels.Health
		if err := json.Unmarshal([]byte(data), &h); err != nil {
			return nil, fmt.Errorf("health that %s told: %w", node, err)
		}
		all[node] = h
	}
	if len(gone) > 0 {
		if err := in.rdb.HDel(ctx, in.key("health"), gone...).Err(); err != nil {
			return nil, fmt.Errorf("forget health: %w", err)
		}
	}
	return all, nil
}
