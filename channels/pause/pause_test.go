package pause

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestPauseEndsByTimeOrByTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		if !For(t.Context(), time.Minute) || time.Since(begun) != time.Minute {
			t.Errorf("after %s", time.Since(begun))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun = time.Now()
		if For(ctx, time.Minute) || time.Since(begun) != time.Second {
			t.Errorf("stopped after %s", time.Since(begun))
		}
		if For(ctx, 0) {
			t.Error("goes on although it was told to stop")
		}
	})
}
