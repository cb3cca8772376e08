package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"sportello/channels/channeltest"
	"sportello/channels/pause"
)

// Traffic is a trickle of simulated customers. They write when On is set, and only while fewer than Most conversations wait: an agent
// who looks away for an hour comes back to a handful, not to a flood.
type Traffic struct {
	On       *atomic.Bool
	Base     string // of the gateway, as visitors reach it
	Origin   string // of the page with the widget
	Most     int
	Waiting  func(ctx context.Context) (int, error)
	SendMail func(ctx context.Context, from, subject, text string) error
	SendSMS  func(ctx context.Context, from, text string) error
	Log      *slog.Logger

	chats sync.WaitGroup
}

var (
	chats = [][]string{
		{"Buongiorno! La Lucciola si può usare all’aperto?", "Sul terrazzo, ma coperto", "Perfetto, grazie mille!"},
		{"Salve, vorrei cambiare l’indirizzo di consegna dell’ordine 8115", "Via Mazzini 12, Bologna", "Gentilissimi, grazie"},
		{"Hi, do you gift-wrap the Civetta?", "Lovely, thanks!", "Bye"},
		{"Ciao, quanto dura la batteria della Lucciola?", "Ok, la prendo!", "Grazie, buona giornata"},
	}
	texts = []string{"Il corriere dice consegnato ma io non ho nulla, ordine 8097", "A che ora chiudete oggi?", "Posso ritirare in negozio?", "La lampadina è compresa?"}
	mails = [][2]string{
		{"Reso Maestrale", "Buongiorno,\n\nla Maestrale è più grande di come pensavo. Vorrei restituirla, è ancora imballata.\n\nCordiali saluti\nPaola Greco"},
		{"Preventivo per un albergo", "Salve,\n\nci servirebbero 24 Lucciola per la nostra sala colazioni entro fine mese. Potete farci un preventivo?\n\nHotel Miramare"},
		{"Quale vernice per l’ottone?", "Buonasera,\n\nl’ottone della mia Civetta si è scurito. Con che cosa lo pulisco?\n\nGrazie, Elio"},
	}
	names = []string{"paola.greco", "hotel.miramare", "elio.fabbri", "nadia.serra", "ugo.testa"}
)

// Run writes until ctx ends, and returns when the last visitor has left.
func (t *Traffic) Run(ctx context.Context) error {
	defer t.chats.Wait()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	next := time.Now().Add(8 * time.Second)
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			if !t.On.Load() || now.Before(next) {
				continue
			}
			next = now.Add(20*time.Second + rand.N(25*time.Second))
			waiting, err := t.Waiting(ctx)
			if err != nil || waiting >= t.Most {
				continue
			}
			if err := t.one(ctx); err != nil && ctx.Err() == nil {
				t.Log.Debug("simulated customer", "err", err)
			}
		}
	}
}

func (t *Traffic) one(ctx context.Context) error {
	switch rand.IntN(4) {
	case 0:
		m := mails[rand.IntN(len(mails))]
		return t.SendMail(ctx, names[rand.IntN(len(names))]+"@posta.example", m[0], m[1])
	case 1:
		return t.SendSMS(ctx, fmt.Sprintf("+39347%07d", 5_000_000+rand.IntN(40)), texts[rand.IntN(len(texts))])
	default:
		return t.chat(ctx, chats[rand.IntN(len(chats))])
	}
}

// chat opens a chat, says the first thing, answers each agent's line with the next one, and leaves after ten minutes or when there is
// nothing more to say. It does not wait for that.
func (t *Traffic) chat(ctx context.Context, says []string) error {
	ctx, leave := context.WithTimeout(ctx, 10*time.Minute)
	v, err := channeltest.NewVisitor(ctx, t.Base, string(ChatID), t.Origin, "it")
	if err != nil {
		leave()
		return err
	}
	if err := v.Say(ctx, uuid.NewString(), says[0]); err != nil {
		leave()
		return errors.Join(err, v.Close())
	}
	t.chats.Go(func() {
		defer leave()
		for _, text := range says[1:] {
			if _, ok := <-v.Lines(); !ok {
				return
			}
			pause.For(ctx, 2*time.Second+rand.N(4*time.Second))
			if v.Say(ctx, uuid.NewString(), text) != nil {
				return
			}
		}
		pause.For(ctx, 20*time.Second)
	})
	return nil
}
