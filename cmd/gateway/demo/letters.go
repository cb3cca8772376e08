package demo

import (
	"bytes"
	"embed"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"regexp"
	"strings"
	"time"
)

//go:embed letters
var letters embed.FS

// AuthServer is the name under which the demo's mail server says who vouches for a mail (RFC 8601).
const AuthServer = "mx.bottegalume.example"

// Letter is a mail that lies in the mailbox when the demo begins.
type Letter struct {
	From string // envelope sender; "" of reports
	At   time.Time
	Raw  []byte
}

// post says which letters there are and how long ago they came, oldest first: between them an agent meets everything that the console
// shows of mails.
var post = []struct {
	file, from string
	ago        time.Duration
}{
	{"bounce.eml", "", 20 * time.Hour},
	{"bounce-unknown.eml", "", 17 * time.Hour},
	{"newsletter.eml", "notizie@vetroeluce.example", 5 * time.Hour},
	{"unreadable.eml", "ordini@impiantigalli.example", 3 * time.Hour},
	{"robot-1.eml", "ricezione@robotica-nord.example", 170 * time.Minute},
	{"robot-2.eml", "ricezione@robotica-nord.example", 169 * time.Minute},
	{"thread.eml", "helen.ward@wardinteriors.example", 95 * time.Minute},
	{"sealed.eml", "marta.lindqvist@mail.example", 80 * time.Minute},
	{"opened.eml", "sara.colombo@studiolegale.example", 70 * time.Minute},
	{"impostor.eml", "amministrazione@bottegalume-fatture.example", 62 * time.Minute},
	{"files.eml", "paola.greco@posta.example", 50 * time.Minute},
	{"signed.eml", "peter.lang@mail.example", 41 * time.Minute},
	{"forwarded.eml", "anna.rossi@posta.example", 33 * time.Minute},
	{"invitation.eml", "nadia@studioserra.example", 14 * time.Minute},
}

// Letters are the mails of strangers with which the demo begins, oldest first. answered is the Message-ID of the reply that one of them
// reports as not delivered.
func Letters(answered string, now time.Time) ([]Letter, error) {
	picture, err := lamp()
	if err != nil {
		return nil, fmt.Errorf("demo letters: %w", err)
	}
	day := now.AddDate(0, 0, 3)
	starts := time.Date(day.Year(), day.Month(), day.Day(), 9, 30, 0, 0, time.UTC)
	const stamp = "20060102T150405Z"
	var all []Letter
	for _, p := range post {
		raw, err := letters.ReadFile("letters/" + p.file)
		if err != nil {
			return nil, fmt.Errorf("demo letters: %w", err)
		}
		at := now.Add(-p.ago)
		text := strings.NewReplacer("{to}", Mailbox, "{date}", at.Format(time.RFC1123Z), "{answered}", answered, "{picture}", picture,
			"{stamp}", at.UTC().Format(stamp), "{starts}", starts.Format(stamp), "{ends}", starts.Add(time.Hour).Format(stamp),
			"{nested}", strings.Repeat("<div>\n", 700), "\n", "\r\n").Replace(string(raw))
		all = append(all, Letter{From: p.from, At: at, Raw: []byte(text)})
	}
	return all, nil
}

var lines = regexp.MustCompile(`.{1,76}`)

// lamp is a small picture, as base64 in lines: a wall, and a lamp that shines on it.
func lamp() (string, error) {
	const w, h = 320, 200
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			dx, dy := x-w/2, y-70
			light := max(0, 150-(dx*dx+dy*dy)/90)
			c := color.NRGBA{uint8(92 + light), uint8(82 + light*4/5), uint8(86 + light/3), 255}
			if dx*dx+dy*dy < 26*26 {
				c = color.NRGBA{255, 238, 190, 255}
			} else if (dx == 0 || dx == 1) && dy < 0 {
				c = color.NRGBA{40, 36, 36, 255}
			}
			img.SetNRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return "", err
	}
	return strings.Join(lines.FindAllString(base64.StdEncoding.EncodeToString(b.Bytes()), -1), "\n"), nil
}
