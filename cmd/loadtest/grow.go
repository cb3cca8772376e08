package main

import (
	"context"
	"fmt"
)

func (c *upCmd) grown(ctx context.Context, r *rig, b bench) error {
	return fmt.Errorf("not yet")
}
