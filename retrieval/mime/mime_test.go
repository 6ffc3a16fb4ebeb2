package mime

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// crlf makes a message of lines.
func crlf(lines ...string) []byte { return []byte(strings.Join(lines, "\r\n") + "\r\n") }

// outline draws a tree: a line a part, indented.
func outline(m *Message) string {
	var b strings.Builder
	m.Root.Walk(func(p *Part, depth int) {
		fmt.Fprintf(&b, "%s%s %s %d", strings.Repeat("  ", depth), p.Number, p.Type, p.Octets)
		if p.FileName != "" {
			fmt.Fprintf(&b, " %q", p.FileName)
		}
		b.WriteString("\n")
	})
	return b.String()
}

// TestNumbers is the example of RFC 9051 section 6.4.5.1.
func TestNumbers(t *testing.T) {
	m := Parse(crlf("Content-Type: multipart/mixed; boundary=a", "", "--a", "", "one",
		"--a", "Content-Type: application/octet-stream", "", "two",
		"--a", "Content-Type: message/rfc822", "", "Subject: three", "Content-Type: multipart/mixed; boundary=c", "",
		"--c", "", "3.1", "--c", "Content-Type: application/octet-stream", "", "3.2", "--c--",
		"--a", "Content-Type: multipart/mixed; boundary=d", "", "--d", "Content-Type: image/gif", "", "4.1",
		"--d", "Content-Type: message/rfc822", "", "Subject: 4.2", "Content-Type: multipart/alternative; boundary=e", "", "--e", "", "4.2.1", "--e--", "--d--", "--a--"))
	want := `TEXT multipart/mixed 386
  1 text/plain 3
  2 application/octet-stream 3
  3 message/rfc822 140
    3.TEXT multipart/mixed 75
      3.1 text/plain 3
      3.2 application/octet-stream 3
  4 multipart/mixed 171
    4.1 image/gif 3
    4.2 message/rfc822 95
      4.2.TEXT multipart/alternative 22
        4.2.1 text/plain 5
`
	got := outline(m)
	for i, l := range strings.Split(got, "\n") {
		w := strings.Split(want, "\n")[i]
		a, b := strings.Fields(l), strings.Fields(w)
		if len(a) > 1 && (a[0] != b[0] || a[1] != b[1]) {
			t.Errorf("line %d: %q, want %q", i, l, w)
		}
	}
	if len(m.Notes) > 0 {
		t.Errorf("notes %q", m.Notes)
	}
	t.Log("\n" + got)
}

// TestDeep: go-message needs 24 s for ten thousand multiparts in one another.
func TestDeep(t *testing.T) {
	var b strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	b.WriteString("\r\nthe heart\r\n")
	begin := time.Now()
	m := Parse([]byte(b.String()))
	doc := m.Document(false)
	if d := time.Since(begin); d > 10*time.Second { // hundredths, where nothing else runs
		t.Errorf("took %v", d)
	}
	if !strings.Contains(strings.Join(doc.Notes, "\n"), "nested deeper than 50") {
		t.Errorf("notes %q", doc.Notes)
	}
	if !strings.Contains(all(doc), "--b60") {
		t.Error("the text is not shown as it came")
	}
}

// all is a document's text.
func all(d *Document) string {
	var b strings.Builder
	for _, k := range d.Blocks {
		b.WriteString(k.Label + "\n" + k.Markdown + "\n")
		for _, l := range k.Lines {
			b.WriteString(l.Text + "\n")
		}
		for _, e := range k.Events {
			fmt.Fprintf(&b, "%+v\n", e)
		}
	}
	return b.String()
}

// TestWrong holds that what is wrong is said, and read as far as it goes.
func TestWrong(t *testing.T) {
	for _, c := range []struct {
		name string
		mail []byte
		note string // said
		text string // shown all the same
	}{
		{"never closed", crlf("Content-Type: multipart/mixed; boundary=a", "", "--a", "", "text"), "boundary a never closed", "text"},
		{"never found", crlf("Content-Type: multipart/mixed; boundary=a", "", "text"), "boundary a never found", "text"},
		{"no boundary", crlf("Content-Type: multipart/mixed", "", "text"), "multipart/mixed without a boundary", "text"},
		{"unknown charset", crlf("Content-Type: text/plain; charset=x-foo", "", "caf\xe9"), "unknown charset x-foo: shown as windows-1252", "café"},
		{"no charset", crlf("Subject: x", "", "caf\xe9"), "charset none: shown as windows-1252", "café"},
		{"no colon", crlf("Subject: x", "what is this", "From: a@b", "", "text"), "header line without colon: what is this", "text"},
		{"no header end", []byte("Subject: x\r\nwhat is this\r\nmore"), "not ended by an empty line", "what is this\nmore"},
		{"mbox", crlf("From ada Mon Sep  1 00:00:00 2026", "Subject: x", "", "text"), "as in an mbox file", "text"},
		{"bad base64", crlf("Content-Transfer-Encoding: base64", "", "aGVs!bG8="), "not base64 were left out", "hello"},
		{"bad quoted-printable", crlf("Content-Transfer-Encoding: quoted-printable", "", "caf=C3=A9 =ZZ"), "escapes that mean nothing", "café =ZZ"},
		{"unknown encoding", crlf("Content-Transfer-Encoding: rot13", "", "uryyb"), `unknown transfer encoding "rot13"`, "uryyb"},
		{"not UTF-8", crlf("Content-Type: text/plain; charset=utf-8", "", "caf\xe9"), "not all UTF-8", "caf\ufffd"},
		{"empty", nil, "", ""},
		{"only an empty line", []byte("\r\n"), "", ""},
		{"escapes", crlf("Subject: x", "", "a\x1b[2Jb\u202ec"), "", "a␛[2Jb⟨U+202E⟩c"},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc := Parse(c.mail).Document(false)
			if notes := strings.Join(doc.Notes, "\n"); !strings.Contains(notes, c.note) || c.note == "" && notes != "" {
				t.Errorf("notes %q, want %q", notes, c.note)
			}
			if !strings.Contains(all(doc), c.text) {
				t.Errorf("text %q, want %q", all(doc), c.text)
			}
		})
	}
}

func TestWords(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                                    "plain",
		"=?utf-8?q?Gr=C3=BC=C3=9Fe?=":              "Grüße",
		"=?iso-2022-jp?B?GyRCMnE1RBsoQg==?=":       "会議",
		"=?koi8-r?B?8NLJ18XU?=":                    "Привет",
		"=?gb18030?B?xOO6ww==?=":                   "你好",
		"a =?utf-8?q?b?= =?utf-8?q?c?= d":          "a bc d",
		"=?utf-8?B?ww==?= =?utf-8?B?rw==?=":        "ï", // one character cut in two
		`"=?utf-8?q?in_quotes?=" <a@b>`:            `"in quotes" <a@b>`,
		"=?utf-8?q?=E4=BC?= =?utf-8?q?=9A?=":       "会",
		"=?utf-8?x?kind?=":                         "=?utf-8?x?kind?=",
		"=?utf-8?q?never closed":                   "=?utf-8?q?never closed",
		"=?x-foo?q?abc?=":                          "abc",
		"caf\xe9":                                  "café",
		"=?utf-8*en?q?language?=":                  "language",
		"=?utf-8?Q?a?==?utf-8?Q?b?=":               "ab",
		"=?utf-8?B?4pyT?= done =?utf-8?B?4pyT?= !": "✓ done ✓ !",
	} {
		if got := words(in); got != want {
			t.Errorf("words(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestFileNames(t *testing.T) {
	for in, want := range map[string]string{
		`attachment; filename=a.txt`:                                                "a.txt",
		`attachment; filename="a b.txt"`:                                            "a b.txt",
		`attachment; filename="a\"b.txt"`:                                           "a_b.txt",
		`attachment; filename=a b.txt`:                                              "a b.txt",
		`attachment; filename*=utf-8''%e2%82%ac.txt`:                                "€.txt",
		`attachment; filename*=iso-8859-1'en'%A3.txt; filename=plain.txt`:           "£.txt",
		`attachment; filename*0="very "; filename*1="long"; filename*2=".pdf"`:      "very long.pdf",
		`attachment; filename*0*=utf-8''%e2%82; filename*1*=%ac; filename*2=".pdf"`: "€.pdf",
		`attachment; filename="=?utf-8?q?=E2=82=AC.txt?="`:                          "€.txt",
		`attachment; filename="../../.ssh/authorized_keys"`:                         "authorized_keys",
		`attachment; filename="a.txt`:                                               "a.txt",
		`attachment;; ; filename = a.txt ; x`:                                       "a.txt",
		"attachment; filename=\"a\x1b[2J.txt\"":                                     "a_[2J.txt",
	} {
		p := newPart(Header{Fields: []Field{{"Content-Disposition", in}}}, "")
		if p.FileName != want {
			t.Errorf("%s: %q, want %q", in, p.FileName, want)
		}
	}
}

func TestText(t *testing.T) {
	for _, c := range []struct {
		name, head, body string
		want             []Line
	}{
		{"flowed", "text/plain; format=flowed", "one \r\ntwo\r\n\r\n> a \r\n> b\r\n>> c\r\n From here\r\n-- \r\nme", []Line{
			{"one two", 0, 0}, {"", 0, 0}, {"a b", 1, 0}, {"c", 2, 0}, {"From here", 0, 0}, {"--", 0, Signature}, {"me", 0, Signature}}},
		{"delsp", "text/plain; format=flowed; delsp=yes", "会 \r\n議", []Line{{"会議", 0, 0}}},
		{"quoted", "text/plain", "> a\r\n> > b\r\n>>c\r\nd", []Line{{"a", 1, 0}, {"b", 2, 0}, {"c", 2, 0}, {"d", 0, 0}}},
		{"patch", "text/plain", "hi\r\n--- a/x\r\n+++ b/x\r\n@@ -1 +1 @@\r\n-old\r\n+new\r\n-- \r\n2.40", []Line{
			{"hi", 0, 0}, {"--- a/x", 0, FileHead}, {"+++ b/x", 0, FileHead}, {"@@ -1 +1 @@", 0, Hunk}, {"-old", 0, Removed}, {"+new", 0, Added}, {"--", 0, Signature}, {"2.40", 0, Signature}}},
	} {
		got, _ := Parse(crlf("Content-Type: "+c.head, "", c.body)).Root.Text()
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestHTML(t *testing.T) {
	const source = `<html><head><title>no</title><style>@import url(https://css.example/x); p{background:url('//bg.example/a.png')}</style></head>
<body background="https://back.example/"><div style="display: none">secret preheader</div><h1>Sale &amp; more</h1><p>Read <a href="https://bank.example/login">the <b>terms</b></a> or
<a href="https://evil.example/">www.bank.example</a>, <a href="javascript:alert(1)">not this</a>.</p>
<ul><li>one<li>two</ul><blockquote>quoted</blockquote><table><tr><td>a</td><td>b</td></tr></table>
<img src="https://pix.example/t.gif" width=1 height=1><img src="cid:1" alt="A photo"><script>alert("x")</script>2 * 3 &lt; 7</body></html>`
	h := Parse(crlf("Content-Type: text/html; charset=utf-8", "", source)).Root.HTML()
	t.Log(h.Markdown)
	for _, want := range []string{"# Sale & more", "**terms**", "- one", "> quoted", "a b", "image: A photo"} {
		if !strings.Contains(h.Markdown, want) {
			t.Errorf("lacks %q", want)
		}
	}
	for _, not := range []string{"secret", "alert", "background", "title"} {
		if strings.Contains(h.Markdown, not) {
			t.Errorf("has %q", not)
		}
	}
	if got := fmt.Sprint(h.Links); got != "[{the terms https://bank.example/login } {www.bank.example https://evil.example/ its text names www.bank.example, it goes to evil.example}]" {
		t.Errorf("links %s", got)
	}
	if got := fmt.Sprint(h.Remote); got != "[{css.example 1 0} {bg.example 1 0} {back.example 1 0} {pix.example 1 1}]" {
		t.Errorf("remote %s", got)
	}
}

func TestEvents(t *testing.T) {
	got, notes := Parse(crlf("Content-Type: text/calendar; charset=utf-8", "", "BEGIN:VCALENDAR", "METHOD:REQUEST", "BEGIN:VEVENT",
		"DTSTART;TZID=Europe/London:20260903T140000", "DTEND;TZID=Europe/London:20260903T150000", `SUMMARY:Reading\, aloud`, "LOCATION:Room", "  5",
		`ORGANIZER;CN="Turing: Alan":mailto:alan@kings.example`, "ATTENDEE;PARTSTAT=ACCEPTED;CN=Ada:mailto:ada@engine.example", "BEGIN:VALARM", "SUMMARY:no", "END:VALARM", "END:VEVENT", "END:VCALENDAR")).Root.Events()
	want := "[{REQUEST Reading, aloud Thu 3 Sep 2026 14:00 (Europe/London) to Thu 3 Sep 2026 15:00 (Europe/London) Room 5 Turing: Alan <alan@kings.example> [Ada <ada@engine.example> (accepted)]  }]"
	if fmt.Sprint(got) != want || len(notes) > 0 {
		t.Errorf("%v\nwant %v, notes %q", got, want, notes)
	}
}

// TestHTMLEndsSoon: HTML that is made to be slow is read in a moment all the same.
func TestHTMLEndsSoon(t *testing.T) {
	for _, unit := range []string{"<b>", "<blockquote>", "<ul><li>x", "<ol><li>", `<a href="https://x.example/">y</a>`, "<a>", "&lt;", "*", "`", "<p>a", "<table><tr><td>", "<pre>", "_a ", "[", "<h1>x</h1>",
		"<br>", "<", "<!--", "<img src=https://x.example/ width=1>", "<i>a</i>", "<b><i>", "</p>", "<style>", "a\n", "<hr>", "- ", "1. ", "<div style='display:none'>", "<code>`</code>"} {
		source := "Content-Type: text/html\r\n\r\n" + strings.Repeat(unit, 40_000/len(unit))
		begin := time.Now()
		h := Parse([]byte(source)).Root.HTML()
		if d := time.Since(begin); d > 20*time.Second {
			t.Errorf("%q: %d octets of Markdown after %v", unit, len(h.Markdown), d)
		} else if d > time.Second {
			t.Logf("%q: %d octets of Markdown after %v", unit, len(h.Markdown), d)
		}
	}
}

// TestLongNamedTextIsAnAttachment: opening a mail must not fetch a log.
func TestLongNamedTextIsAnAttachment(t *testing.T) {
	for octets, shown := range map[int]int{1000: 2, 100_000: 1} {
		doc := Parse(crlf("Content-Type: multipart/mixed; boundary=b", "", "--b", "", "see the log", "--b", "Content-Type: text/plain; name=x.log", "",
			strings.Repeat("log\r\n", octets/5), "--b--")).Document(false)
		if len(doc.Blocks) != shown || len(doc.Attachments) != 2-shown {
			t.Errorf("%d octets: %d blocks, %d attachments", octets, len(doc.Blocks), len(doc.Attachments))
		}
	}
}

// TestFieldsFoldedToDeath: a header of folded lines is read in one pass.
func TestFieldsFoldedToDeath(t *testing.T) {
	field := "X: a\r\n" + strings.Repeat(" b\r\n", 40_000)
	begin := time.Now()
	h, notes := ParseHeader([]byte(strings.Repeat(field, 40) + "Received: one\r\nReceived: two\r\n"))
	if d := time.Since(begin); d > 10*time.Second { // tenths, where nothing else runs
		t.Errorf("took %v", d)
	}
	n := len(h.Fields)
	if n != 42 || len(h.Fields[0].Value) > maxField || h.Fields[n-2].Text() != "one" || h.Fields[n-1].Text() != "two" || !strings.Contains(strings.Join(notes, ""), "longer than 64 kB") {
		t.Errorf("%d fields, the first of %d octets, notes %q", n, len(h.Fields[0].Value), notes)
	}
}
