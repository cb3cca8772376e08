package quote

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Introductions as mail programs write them. Each is read above marked and above unmarked text, wrapped, and with marks of emphasis.
var introLinesOf = []string{
	// Italian
	"Il giorno lun 5 feb 2024 alle ore 10:30 Anna Bianchi <anna@bottega.example> ha scritto:",
	"Il giorno 5 feb 2024, alle ore 10:30, Anna Bianchi <anna@bottega.example> ha scritto:",
	"Il 05/02/2024 10:30, Anna Bianchi ha scritto:",
	"In data lunedì 5 febbraio 2024 10:30:12 CET, Anna Bianchi ha scritto:",
	"Il lunedì 5 febbraio 2024, 10:30:12 CET, Anna Bianchi <anna@bottega.example> ha scritto:",
	// English
	"On Mon, Feb 5, 2024 at 10:30 AM Anna White <anna@shop.example> wrote:",
	"On Feb 5, 2024, at 10:30 AM, Anna White <anna@shop.example> wrote:",
	"On 5 Feb 2024, at 10:30, Anna White <anna@shop.example> wrote:",
	"On 05/02/2024 10:30, Anna White wrote:",
	"On Monday, February 5, 2024 at 10:30:12 AM GMT+1, Anna White <anna@shop.example> wrote:",
	"On Monday, February 5th, 2024 at 10:30 AM, Anna White <anna@shop.example> wrote:",
	"Anna White <anna@shop.example> wrote on 02/05/2024 10:30:12 AM:",
	"Anna White <anna@shop.example> wrote (5 Feb 2024):",
	"2024-02-05 10:30 GMT+01:00 Anna White <anna@shop.example>:",
	"* Anna White <anna@shop.example> [2024-02-05 10:30:12 +0100]:",
	// German
	"Am 05.02.2024 um 10:30 schrieb Anna Weiß:",
	"Am Mo., 5. Feb. 2024 um 10:30 Uhr schrieb Anna Weiß <anna@laden.example>:",
	"Am 05.02.24 um 10:30 schrieb anna@laden.example:",
	"Anna Weiß <anna@laden.example> schrieb am Mo., 5. Feb. 2024, 10:30:",
	"Am Montag, den 5. Februar 2024, 10:30 Uhr hat Anna Weiß <anna@laden.example> geschrieben:",
	// French
	"Le lun. 5 févr. 2024 à 10:30, Anne Blanc <anne@atelier.example> a écrit :",
	"Le 05/02/2024 à 10:30, Anne Blanc a écrit :",
	"Le lundi 5 février 2024 à 10:30:12 UTC+1, Anne Blanc <anne@atelier.example> a écrit :",
	// Spanish
	"El lun, 5 feb 2024 a las 10:30, Ana Blanco (<ana@taller.example>) escribió:",
	"El lunes, 5 de febrero de 2024, 10:30:12 CET, Ana Blanco <ana@taller.example> escribió:",
	"El 05/02/2024 a las 10:30, Ana Blanco escribió:",
	// Portuguese
	"Em seg., 5 de fev. de 2024 às 10:30, Ana Branco <ana@oficina.example> escreveu:",
	"Em 05/02/2024 10:30, Ana Branco escreveu:",
	"A segunda, 5/02/2024, 10:30, Ana Branco <ana@oficina.example> escreveu:",
	// Dutch
	"Op ma 5 feb. 2024 om 10:30 schreef Anna de Wit <anna@winkel.example>:",
	"Op 05-02-2024 om 10:30 schreef Anna de Wit:",
	"Op 5 feb. 2024 om 10:30 heeft Anna de Wit <anna@winkel.example> het volgende geschreven:",
	// Polish
	"W dniu 05.02.2024 o 10:30, Anna Biała pisze:",
	"pon., 5 lut 2024 o 10:30 Anna Biała <anna@sklep.example> napisał(a):",
	"Dnia 5 lutego 2024 10:30 Anna Biała <anna@sklep.example> napisał(a):",
	// Swedish, Danish, Norwegian, Finnish
	"Den mån 5 feb. 2024 kl 10:30 skrev Anna Vit <anna@butik.example>:",
	"Den 2024-02-05 kl. 10:30, skrev Anna Vit:",
	"Den man. 5. feb. 2024 kl. 10.30 skrev Anne Hvid <anne@butik.example>:",
	"man. 5. feb. 2024 kl. 10:30 skrev Anne Hvit <anne@butikk.example>:",
	"ma 5. helmik. 2024 klo 10.30 Anna Valkoinen (anna@kauppa.example) kirjoitti:",
	// Czech, Slovak, Hungarian, Romanian, Turkish, Greek
	"po 5. 2. 2024 v 10:30 odesílatel Anna Bílá <anna@obchod.example> napsal:",
	"po 5. 2. 2024 o 10:30 Anna Biela <anna@obchod.example> napísal(a):",
	"Fehér Anna <anna@bolt.example> ezt írta (időpont: 2024. febr. 5., H, 10:30):",
	"În lun., 5 feb. 2024 la 10:30, Ana Alb <ana@magazin.example> a scris:",
	"Anna Beyaz <anna@dukkan.example>, 5 Şub 2024 Pzt, 10:30 tarihinde şunu yazdı:",
	"Στις Δευ 5 Φεβ 2024 στις 10:30 π.μ., ο χρήστης Άννα Λευκού <anna@magazi.example> έγραψε:",
	// Russian, Ukrainian, Bulgarian
	"пн, 5 февр. 2024 г. в 10:30, Анна Белая <anna@lavka.example>:",
	"05.02.2024 10:30, Анна Белая пишет:",
	"Понедельник, 5 февраля 2024, 10:30 +03:00 от Анна Белая <anna@lavka.example>:",
	"пн, 5 лют. 2024 р. о 10:30 Анна Біла <anna@kramnytsia.example> пише:",
	"На пн, 5.02.2024 г. в 10:30 Анна Бяла <anna@magazin.example> написа:",
	// Chinese, Japanese, Korean, Vietnamese
	"张安娜 <anna@shop.example> 于2024年2月5日周一 10:30写道：",
	"在 2024年2月5日，10:30，张安娜 <anna@shop.example> 写道：",
	"在 2024-02-05 10:30:12，\"张安娜\" <anna@shop.example> 写道：",
	"張安娜 <anna@shop.example> 於 2024年2月5日 週一 上午10:30寫道：",
	"2024年2月5日(月) 10:30 白井杏奈 <anna@mise.example>:",
	"2024/02/05 10:30、白井杏奈 <anna@mise.example>のメール:",
	"2024년 2월 5일 (월) 오전 10:30, 백안나 <anna@gage.example>님이 작성:",
	"Vào Th 2, 5 thg 2, 2024 vào lúc 10:30 Trắng An <an@cuahang.example> đã viết:",
	// Arabic, Hebrew
	"في الاثنين، ٥ فبراير ٢٠٢٤ في ١٠:٣٠ ص تمت كتابة ما يلي بواسطة آنا <anna@shop.example>:",
	"‫בתאריך יום ב׳, 5 בפבר׳ 2024 ב-10:30 מאת ‪אנה לבן‬‏ <‪anna@shop.example‬‏>:‬",
	// a language and a program that nobody has listed
	"Mwaka 2024-02-05 10:30 Anna Nyeupe <anna@duka.example> ameandika:",
	"Dydd Llun, 5 Chwef 2024 am 10:30 Anna Gwyn <anna@siop.example>:",
}

const answer = "Va bene così, vi ringrazio della risposta.\nAspetto la spedizione di domani."

// check reports how a text is divided when it is not as wanted.
func check(t *testing.T, text, reply string) {
	t.Helper()
	folds := Text(text)
	got, signature, quoted := Split(text, folds)
	if got != reply {
		t.Errorf("%q\nreply %q, want %q\nsignature %q\nquoted %q", text, got, reply, signature, quoted)
	}
}

// E-44: the line that introduces a quote, in the shapes it arrives in.
func TestE44Introductions(t *testing.T) {
	older := "Gentile cliente,\n\nil pacco parte domani.\nSaluti"
	for i, line := range introLinesOf {
		shapes := map[string]string{
			"marked":       line + "\n\n" + marks1(older),
			"marked close": line + "\n" + marks1(older),
			"unmarked":     line + "\n\n" + older,
			"wrapped":      wrap(line, 2) + "\n\n" + marks1(older),
			"wrapped bare": wrap(line, 2) + "\n\n" + older,
			"wrapped 3":    wrap(line, 3) + "\n\n" + marks1(older),
			"bold":         "*" + line + "*\n\n" + older,
			"inside marks": marks1(line + "\n\n" + older),
		}
		for name, quoted := range shapes {
			if strings.HasPrefix(name, "wrapped bare") && !strings.Contains(line, "@") {
				continue // without an address too little is left on the last line
			}
			t.Run(fmt.Sprintf("%02d %s", i, name), func(t *testing.T) { check(t, answer+"\n\n"+quoted, answer) })
		}
	}
}

func marks1(s string) string { return "> " + strings.ReplaceAll(s, "\n", "\n> ") }

// wrap breaks a line at spaces into n pieces of about the same length.
func wrap(s string, n int) string {
	words := strings.Split(s, " ")
	if len(words) < n+2 {
		return s
	}
	var out []string
	for chunk := range slices.Chunk(words, (len(words)+n-1)/n) {
		out = append(out, strings.Join(chunk, " "))
	}
	return strings.Join(out, "\n")
}
