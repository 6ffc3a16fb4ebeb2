package compose

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"

	"imapop/account/draft"
)

// read is what Python's email package found in a message.
type read struct {
	From, To, Cc, Bcc []person
	ReplyTo           []person `json:"reply_to"`
	Subject, ID       string
	InReplyTo         string `json:"in_reply_to"`
	References        []string
	Date, MIME, Text  string
	Files             [][3]string
	Defects           []string
}

type person [2]string

// python reads a message; without python3 the test is skipped, or fails where
// interoperation is required.
func python(t *testing.T, octets []byte) read {
	t.Helper()
	path, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("IMAPOP_INTEROP") == "require" {
			t.Fatal("python3 is missing, and IMAPOP_INTEROP=require asks for it")
		}
		t.Skip("python3 is missing")
	}
	cmd := exec.Command(path, "testdata/read.py")
	cmd.Stdin = bytes.NewReader(octets)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("python3: %v\n%s\n%s", err, errs.String(), octets)
	}
	var r read
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return r
}

var noon = time.Date(2026, 11, 26, 12, 0, 5, 0, time.FixedZone("", -5*3600))

// inner is a message as another one carries it.
const inner = "Subject: within\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGr\u00fc\u00dfe\r\n"

// everything uses every feature at once.
func everything() (draft.Draft, Options, map[string][]byte) {
	files := map[string][]byte{
		"/x/räksmörgås 東京 \"quoted\"; and.bin": bytes.Repeat([]byte{0, 255, 13, 10, '.', '\n'}, 9000),
		"/x/notes.txt": []byte("plain\n.\n..\nFrom here\n" + strings.Repeat("long ", 400)),
		"/x/" + strings.Repeat("longname-", 25) + "x.pdf": []byte("%PDF"),
		"/x/" + strings.Repeat("ü", 120) + ".png":         {0x89, 'P', 'N', 'G'},
		"/x/forwarded.eml": []byte(inner),
		"/x/empty.txt":     nil,
	}
	d := draft.Draft{
		From:      "Älice O'Example, PhD <alice@example.org>",
		To:        "\"Bob, the \\\"builder\\\"\" <bob@example.org>, 東京の友達 <tomo@example.jp>, plain@example.org",
		Cc:        strings.Repeat("Ünïcödé Näme with a long tail <u@example.org>, ", 30),
		Bcc:       "Secret <secret@example.org>",
		ReplyTo:   "Replies <replies@example.org>",
		Subject:   "Grüße  aus 東京 =?utf-8?q?not_this?= " + strings.Repeat("und noch mehr 🎉 ", 20) + "end",
		InReplyTo: "<parent@example.org>", References: []string{"<first@example.org>"},
		Text: "Dear Bob,\n\nthis paragraph is long enough to be broken " + strings.Repeat("softly and joined again ", 30) + "end\n" +
			"From the start of a line\n .\n.\n..\n> quoted once\n>> quoted twice " + strings.Repeat("and long ", 30) + "end\n" +
			"  indented\nnaïve 日本語 🎉 tabs\there\n" + strings.Repeat("x", 1500) + "\n-- \nAlice\n",
	}
	d.From = "\"Älice O'Example, PhD\" <alice@example.org>"
	for i := range 40 {
		d.References = append(d.References, fmt.Sprintf("<reference-number-%d@a-rather-long-domain.example.org>", i))
	}
	d.References = append(d.References, d.InReplyTo)
	for path := range files {
		d.Attach = append(d.Attach, path)
	}
	return d, Options{Now: noon, Random: "r4nd0m", Read: func(p string) ([]byte, error) {
		if octets, ok := files[p]; ok {
			return octets, nil
		}
		return nil, os.ErrNotExist
	}}, files
}

func people(t *testing.T, list string) []person {
	t.Helper()
	as, err := draft.Addresses("test", list)
	if err != nil {
		t.Fatal(err)
	}
	out := []person{}
	for _, a := range as {
		out = append(out, person{a.Name, a.Address})
	}
	return out
}

// TestPythonReadsItBack is the contract: what a person typed is what another
// program reads.
func TestPythonReadsItBack(t *testing.T) {
	d, o, files := everything()
	m, err := Build(d, o)
	if err != nil {
		t.Fatal(err)
	}
	got := python(t, m.Octets)
	want := read{From: people(t, d.From), To: people(t, d.To), Cc: people(t, d.Cc), Bcc: []person{}, ReplyTo: people(t, d.ReplyTo),
		Subject: d.Subject, ID: "<r4nd0m@example.org>", InReplyTo: d.InReplyTo, References: d.References,
		Date: "2026-11-26T12:00:05-05:00", MIME: "1.0", Text: strings.TrimSuffix(d.Text, "\n"), Defects: []string{}}
	for _, path := range d.Attach {
		name := strings.TrimPrefix(path, "/x/")
		kind, _, _ := strings.Cut(kindOf(name, files[path]), ";")
		what := fmt.Sprintf("%x", sha256.Sum256(files[path]))
		if kind == messageType {
			what = "within"
		}
		want.Files = append(want.Files, [3]string{name, kind, what})
	}
	if !reflect.DeepEqual(got, want) {
		g, _ := json.MarshalIndent(got, "", " ")
		w, _ := json.MarshalIndent(want, "", " ")
		t.Errorf("got %s\nwant %s\nfrom\n%.6000s", g, w, m.Octets)
	}
	if !m.EightBit || m.UTF8 {
		t.Errorf("8BITMIME %v (a message of 8 bits is attached), SMTPUTF8 %v (every address is ASCII)", m.EightBit, m.UTF8)
	}
	shape(t, m.Octets)
}

// shape holds what every line of every message must be.
func shape(t *testing.T, octets []byte) {
	t.Helper()
	for line := range bytes.SplitSeq(octets, []byte("\r\n")) {
		if len(line) > maxLine || bytes.ContainsAny(line, "\r\n\x00") {
			t.Errorf("a line of %d octets, or with a stray CR, LF or NUL: %.100q", len(line), line)
		}
	}
	if bytes.Contains(bytes.ToLower(octets), []byte("\r\nbcc:")) || bytes.Contains(octets, []byte("secret@")) {
		t.Error("Bcc is in the message")
	}
}

func TestInternationalAddresses(t *testing.T) {
	m, err := Build(draft.Draft{From: "Ålice <ålice@exämple.org>", To: "用户 <用户@例え.jp>, bob@example.org", Text: "x"}, Options{Now: noon, Random: "1"})
	if err != nil {
		t.Fatal(err)
	}
	got := python(t, m.Octets)
	if !m.UTF8 || !reflect.DeepEqual(got.To, []person{{"用户", "用户@例え.jp"}, {"", "bob@example.org"}}) || m.To[0] != "用户@例え.jp" {
		t.Errorf("SMTPUTF8 %v, To %q, recipients %q", m.UTF8, got.To, m.To)
	}
}

func TestSentCopyKeepsBcc(t *testing.T) {
	m, err := Build(draft.Draft{From: "a@x", To: "b@x", Bcc: "Zoë <z@x>", Text: "x"}, Options{Now: noon, Random: "1"})
	if err != nil {
		t.Fatal(err)
	}
	own := m.SentCopy()
	if got := python(t, own); !reflect.DeepEqual(got.Bcc, []person{{"Zoë", "z@x"}}) {
		t.Errorf("Bcc %q in\n%s", got.Bcc, own)
	}
	if !bytes.HasSuffix(own, m.Octets) || !reflect.DeepEqual(m.To, []string{"b@x", "z@x"}) {
		t.Errorf("recipients %q; own copy\n%s", m.To, own)
	}
}
