package email

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/emersion/go-imap/v2"

	"sportello/channels"
	"sportello/channels/email/letter"
)

// How many mails of a group are read at a time, and how many are then accepted: all that may, because the record commits together what
// waits together.
const (
	readAtOnce   = 16
	acceptAtOnce = groupMails
)

// acceptGroup brings the fetched mails of a group into the record, several at a time. It returns how many of the first ones are done
// with (in the record, ours, or gone from the folder) and, if that is not all of them, the error of the next. Mails behind that one may
// have been accepted as well: they come again and are the sink's Duplicate.
//
// All mails are kept and read first, because only then it is known which belong together. A conversation begins with its first mail,
// so mails that might belong to one are accepted one after the other in the order of their UIDs; see lanesOf.
func (a *Adapter) acceptGroup(ctx context.Context, group []listed, bodies map[imap.UID][]byte) (int, error) {
	all := make([]*taken, len(group))
	kept, err := inTurn(len(group), alone(len(group)), readAtOnce, func(i int) (err error) {
		// A mail that was listed and not sent has been removed meanwhile by somebody else.
		if raw, ok := bodies[group[i].uid]; ok {
			all[i], err = a.keep(ctx, raw, group[i])
		}
		return err
	})
	accepted, sinkErr := inTurn(kept, lanesOf(all[:kept]), acceptAtOnce, func(i int) error {
		_, err := a.accept(ctx, all[i])
		return err
	})
	if sinkErr != nil {
		err = sinkErr // of a mail before the one that was not kept
	}
	return accepted, err
}

// inTurn does the items below n: those of one lane in order, lanes beside each other, so many at a time. After a failure nothing
// behind the failed item is begun, but everything before it is done. It returns the number of the first that failed and its error, or n.
func inTurn(n int, lanes [][]int, atOnce int, do func(int) error) (int, error) {
	var mu sync.Mutex
	failed, failure := n, error(nil)
	stopped := func(i int) bool { mu.Lock(); defer mu.Unlock(); return i > failed }
	spread(len(lanes), atOnce, func(lane int) {
		for _, i := range lanes[lane] {
			if stopped(i) {
				return
			}
			if err := do(i); err != nil {
				mu.Lock()
				if i < failed {
					failed, failure = i, err
				}
				mu.Unlock()
				return
			}
		}
	})
	return failed, failure
}

// alone puts each item into a lane of its own.
func alone(n int) [][]int {
	lanes := make([][]int, n)
	for i := range lanes {
		lanes[i] = []int{i}
	}
	return lanes
}

// spread calls do for every number below n, so many at a time and each in order, and returns when all calls have.
func spread(n, atOnce int, do func(int)) {
	var next atomic.Int64
	var work sync.WaitGroup
	for range min(n, atOnce) {
		work.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	work.Wait()
}

// lanesOf divides mails into those that have nothing to do with each other. Two share a lane if they have a sender, an answering
// address, a Message-ID that either names, a reply token, or the identity of a mail in common, directly or through others; so do all
// mails without a sender. Each lane, and the lanes among each other, are in order. Nil mails are in none.
func lanesOf(mails []*taken) [][]int {
	parent := make([]int, len(mails)) // a forest in which the root is the oldest
	var root func(int) int
	root = func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	first := make(map[string]int)
	for i, m := range mails {
		parent[i] = i
		if m == nil {
			continue
		}
		for _, key := range m.ties() {
			j, ok := first[key]
			if !ok {
				first[key] = i
				continue
			}
			x, y := root(i), root(j)
			parent[max(x, y)] = min(x, y)
		}
	}
	var lanes [][]int
	lane := make(map[int]int) // by root
	for i, m := range mails {
		if m == nil {
			continue
		}
		r := root(i)
		n, ok := lane[r]
		if !ok {
			n = len(lanes)
			lane[r] = n
			lanes = append(lanes, nil)
		}
		lanes[n] = append(lanes[n], i)
	}
	return lanes
}

// ties are the words by which a mail may belong to another's conversation. No two kinds of word can be taken for each other.
func (t *taken) ties() []string {
	ties := []string{"from " + t.in.From.Value, "same " + t.in.External}
	for _, a := range t.mail.ReplyTo {
		ties = append(ties, "from "+a.Value)
	}
	thread := t.in.Thread
	for _, ids := range [][]string{{thread.MessageID}, thread.InReplyTo, thread.References} {
		for _, id := range ids {
			ties = append(ties, tie("id ", id)...)
		}
	}
	for _, token := range append([]string{thread.Token}, thread.OtherTokens...) {
		ties = append(ties, tie("token ", token)...)
	}
	return append(ties, tie("id ", t.mail.Report.Original)...) // what is reported of one mail stays in order
}

func tie(kind, word string) []string {
	if word == "" {
		return nil
	}
	return []string{kind + word}
}

// taken is a mail whose bytes are in the vault and which waits to be accepted.
type taken struct {
	mail *letter.Mail
	in   channels.Inbound
	uid  imap.UID
}
