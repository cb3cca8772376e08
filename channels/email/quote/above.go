package quote

// cutLine reports whether a line is the one above which programs for support ask to write: "##- Please type your reply above this line
// -##". What stands below it is the older message. It says so in few words, of which one means to answer, one above and one a line.
func cutLine(s string) bool {
	if len(s) < 8 || len(s) > 160 || endsSentence(s) && len(words(s)) > 14 {
		return false
	}
	return answering.has(s) && above.has(s) && lineWord.has(s)
}

var answering = newList(`reply, replies, respond, response, answer, write, type, rispondi, rispondere, risposta, scrivi, scrivere, antworten, antwort, schreiben, répondre, répondez, réponse, écrire, écrivez, responder, responda, responde, respuesta, resposta, escriba, escribe, escreva, antwoord, antwoorden, reageer, typ, odpowiedź, odpowiedz, odpowiadaj, svar, svara, skriv, vastaa, vastaus, kirjoita,
odpověď, odpovězte, odpoveď, válasz, válaszoljon, yanıtınızı, yanıt, cevap, răspuns, răspunsul, răspundeți, ответ, ответьте, напишите, відповідь, απάντηση, απαντήστε, 回复, 回覆, 返信, 답장, 답변, الرد, رد, תשובה, השב`)

var above = newList(`above, over, before, sopra, al di sopra, oberhalb, über, au-dessus, dessus, avant, encima, arriba, acima, boven, hierboven, powyżej, nad, ovanför, över, ovenfor, over, yläpuolelle, yläpuolella, nad, fölé, felett, üzerine, üstüne, üstünde, deasupra, выше, над, вище, πάνω, 以上, 之上, 上方, 上に, 上記, 위에, 위로, فوق, أعلى, מעל`)

var lineWord = newList(`line, linea, riga, linie, zeile, ligne, línea, linha, lijn, regel, linii, linią, linię, linje, linjen, linjan, viivan, rivin, řádek, řádkem, čáru, riadok, vonal, sor, satırın, çizginin, linia, linie, линии, линией, строки, строкой, чертой, лінії, рядка, γραμμή, 线, 線, 行, ライン, 선, 줄, السطر, الخط, קו, שורה`)
