package quote

import "testing"

// E-44: what a support program asks to write above is below the reply.
func TestE44ReplyAboveThisLine(t *testing.T) {
	for _, line := range []string{
		"##- Please type your reply above this line -##", "--- Rispondi sopra questa riga ---", "=== Bitte oberhalb dieser Linie antworten ===",
		"-- Répondre au-dessus de cette ligne --", "***** Escriba su respuesta por encima de esta línea *****", "--- Responda acima desta linha ---",
		"----- Odpowiedz powyżej tej linii -----", "--- Напишите ответ выше этой линии ---", "--- Svara ovanför den här linjen ---", "＝＝ この線より上に返信してください ＝＝",
	} {
		reply, _, _ := splitText("Sì, chiudete pure.\n\n" + line + "\n\nLa richiesta è aperta da ieri.\n")
		if reply != "Sì, chiudete pure." {
			t.Errorf("%s: %q", line, reply)
		}
	}
	for _, text := range []string{
		"Please write the answer to the question in the line above the total.\nThen send it back.",
		"--- Please type your reply above this line ---\n\nIl lampione è ancora spento.",
	} {
		if reply, _, _ := splitText(text); reply != text {
			t.Errorf("%q: %q", text, reply)
		}
	}
}

// E-44: the words of a text signed in clear are the reply, its armour is not.
func TestE44ArmourIsFolded(t *testing.T) {
	text := "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nVa bene così.\n\nIl 05/03/2024 10:15, Eva Neri ha scritto:\n> Va bene?\n" +
		"-----BEGIN PGP SIGNATURE-----\n\niQEzBAEBCAAd\n=abcd\n-----END PGP SIGNATURE-----\n"
	if reply, _, _ := splitText(text); reply != "Va bene così." {
		t.Errorf("%q", reply)
	}
	cut := "-----BEGIN PGP SIGNATURE-----\n\niQEzBAEBCAAd\n"
	if reply, _, _ := splitText("Va bene.\n" + cut); reply != "Va bene.\n"+cut[:len(cut)-1] {
		t.Errorf("a signature that does not end: %q", reply)
	}
}

// E-44: who quotes says so in many ways; what no person says is open.
func TestE44WhoSaidIt(t *testing.T) {
	for _, intro := range []string{"Eva Neri said:", "Quoth Eva Neri on March 05:", "According to Eva Neri:", "From: Eva Neri <eva@example.com>",
		"Eva Neri <eva@example.com> wrote in message news:12@example.com...", "Wiadomość napisana przez Eva Neri <eva@example.com> w dniu 5 mar 2024, o godz. 10:15:"} {
		reply, _, _ := splitText(intro + "\n> Chiudiamo venerdì?\n> Eva\n\nDirei di sì.\n")
		if reply != "Direi di sì." {
			t.Errorf("%s: %q", intro, reply)
		}
	}
	text := "The server said:\n> 550 5.1.1 user unknown (in reply to RCPT)\n\nWhat is that?"
	if reply, _, _ := splitText(text); reply != text {
		t.Errorf("%q", reply)
	}
}

// E-44: a point by point answer may quote a program.
func TestE44QuotedPatch(t *testing.T) {
	reply, _, quoted := splitText("On Tue, Mar 05, 2024 at 10:15:33AM +0100, Eva Neri wrote:\n> please look\n\nThis one is fine.\n\n> +\ta = b[3];\n\nWhy three?\n")
	if reply != "This one is fine.\nWhy three?" || quoted == "" {
		t.Errorf("%q %q", reply, quoted)
	}
}

// E-44: only the head of the quoted mail is marked.
func TestE44MarkedHeadOnly(t *testing.T) {
	reply, _, _ := splitText("Bien reçu.\n\n> Message du 05/03/24 10:15\n> De : \"Eva Neri\" <eva@example.com>\n> A : a@example.org\n> Objet : Colis\n>\n\nLe colis est parti.\nEva\n")
	if reply != "Bien reçu." {
		t.Errorf("%q", reply)
	}
}

// E-44: the table of Lotus Notes without colons.
func TestE44NotesWithoutColons(t *testing.T) {
	reply, _, _ := splitText("Approved.\n\nEva Neri <eva@example.com>\n05/03/2024 10:15\n\nTo\nsupport@example.org\ncc\n\nSubject\nOrder\n\nPlease approve.\n")
	if reply != "Approved." {
		t.Errorf("%q", reply)
	}
}

// splitText is Split of what Text folds.
func splitText(text string) (reply, signature, quoted string) { return Split(text, Text(text)) }
