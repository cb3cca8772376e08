package live

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed lua/*.lua
var luaFiles embed.FS

// script is one file of lua/. Its first KEY is the epoch's; those with state have lib.lua before them.
type script struct {
	name string
	*redis.Script
}

func bare(name string) script {
	return script{name, redis.NewScript(luaText(name))}
}

func withState(name string) script {
	return script{name, redis.NewScript(luaText("lib") + checks(luaText(name)))}
}

func luaText(name string) string {
	b, err := luaFiles.ReadFile("lua/" + name + ".lua")
	if err != nil {
		panic(err) // the file is part of the program
	}
	return string(b)
}

// The scripts. They are values of the program, set once and never changed.
var (
	luaAccept        = withState("accept")
	luaAgents        = withState("agents")
	luaAnnounce      = withState("announce")
	luaApply         = withState("apply")
	luaBegin         = bare("begin")
	luaBuild         = withState("build")
	luaClaim         = withState("claim")
	luaCommit        = bare("commit")
	luaConversations = withState("conversations")
	luaDecline       = withState("decline")
	luaDisconnect    = withState("disconnect")
	luaDrop          = bare("drop")
	luaExpire        = withState("expire")
	luaFirst         = bare("first")
	luaForgive       = withState("forgive")
	luaHead          = withState("head")
	luaHeartbeat     = withState("heartbeat")
	luaLease         = bare("lease")
	luaLost          = withState("lost")
	luaOffer         = withState("offer")
	luaPresence      = withState("presence")
	luaRelease       = bare("release")
	luaSnapshot      = withState("snapshot")
	luaTry           = bare("try")
	luaUnclaim       = withState("unclaim")
	luaUntry         = bare("untry")
	luaWork          = withState("work")
)

// run calls a script that works on the state of the current epoch, at a time, and returns what follows the word "ok".
func (in *Inbox) run(ctx context.Context, s script, at time.Time, args ...any) ([]any, error) {
	return in.runIn(ctx, s, at, "", args...)
}

func (in *Inbox) runIn(ctx context.Context, s script, at time.Time, epoch string, args ...any) ([]any, error) {
	all := append([]any{milli(at), in.o.FeedLength, epoch}, args...)
	return in.call(ctx, s, []string{in.key("epoch")}, all...)
}

// call runs any script and turns the word of its answer into an error.
func (in *Inbox) call(ctx context.Context, s script, keys []string, args ...any) ([]any, error) {
	out, err := s.Run(ctx, in.rdb, keys, args...).Slice()
	if err != nil {
		return nil, fmt.Errorf("live %s: %w", s.name, err)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("live %s: empty answer", s.name)
	}
	switch word := text(out[0]); word {
	case "ok":
		return out[1:], nil
	case "noepoch":
		in.reportEmpty()
		return nil, ErrNoEpoch
	case "notwaiting":
		return nil, ErrNotWaiting
	case "nothere":
		return nil, ErrNotHere
	case "excluded":
		return nil, ErrExcluded
	case "noroom":
		return nil, ErrNoRoom
	case "gone":
		return nil, gone(out[1:])
	case "fenced":
		return nil, ErrLeaseLost
	case "held":
		return nil, errHeld
	case "done":
		return nil, errDone
	default:
		return nil, fmt.Errorf("live %s: unknown answer %q", s.name, word)
	}
}

var (
	errHeld = errors.New("live: the lease is held by another")
	errDone = errors.New("live: it has been done already")
)

// text is an element of an answer as a string; "" for nil.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	}
	return ""
}

// texts is a list in an answer; lists within it are joined.
func texts(v any) []string {
	list, _ := v.([]any)
	out := make([]string, 0, len(list))
	for _, e := range list {
		if _, ok := e.([]any); ok {
			out = append(out, texts(e)...)
			continue
		}
		out = append(out, text(e))
	}
	return out
}

// milli is a time in milliseconds; 0 for the zero time.
func milli(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// timeOf reads milliseconds; "" and 0 are the zero time.
func timeOf(ms string) time.Time {
	n, _ := strconv.ParseInt(ms, 10, 64)
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}
