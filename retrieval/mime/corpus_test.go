package mime

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-message"

	"imapop/retrieval/safe"
)

// corpus is the hard mail: the files of testdata and what is too large for one.
func corpus(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/mail/*.eml")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	mails := map[string][]byte{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		mails[strings.TrimSuffix(filepath.Base(f), ".eml")] = b
	}
	mails["large-attachments"] = attachments(50, 3000)
	mails["large-headers"] = []byte(strings.Repeat("X-Trace: a value\r\n", 100_000) + "Subject: behind them all\r\nContent-Type: text/plain; charset=utf-8\r\n\r\ntext\r\n")
	return mails
}

// attachments is a message with n attachments of so many octets each.
func attachments(n, octets int) []byte {
	var b bytes.Buffer
	b.WriteString("Subject: many\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nsee below\r\n")
	line := strings.Repeat("AAECAwQF", 9) + "\r\n"
	for i := range n {
		fmt.Fprintf(&b, "--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"file %d.bin\"\r\n\r\n", i)
		b.WriteString(strings.Repeat(line, octets/54))
	}
	b.WriteString("--b--\r\n")
	return b.Bytes()
}

// TestCorpus holds that every hard mail becomes a document, in time, clean, and
// with something in it.
func TestCorpus(t *testing.T) {
	mails := corpus(t)
	mails["large-30MB"] = attachments(1, 22_500_000)
	for name, mail := range mails {
		for _, html := range []bool{false, true} {
			begin := time.Now()
			m := Parse(mail)
			doc := m.Document(html)
			if d := time.Since(begin); d > 20*time.Second { // a tenth of a second, where nothing else runs
				t.Errorf("%s: took %v", name, d)
			}
			clean(t, name, m, doc)
			if len(mail) > 0 && len(doc.Blocks)+len(doc.Attachments) == 0 {
				t.Errorf("%s: nothing is shown", name)
			}
		}
	}
}

// clean holds that nothing of a document can move a cursor.
func clean(t testing.TB, name string, m *Message, d *Document) {
	t.Helper()
	ok := func(what, s string, lines bool) {
		if lines && safe.Text(s) != s || !lines && safe.Line(s) != s {
			t.Errorf("%s: %s is not clean: %.200q", name, what, s)
		}
	}
	for _, n := range d.Notes {
		ok("note", n, false)
	}
	for _, f := range []string{"Subject", "From", "To", "Date"} {
		ok(f, m.Header.Text(f), false)
		ok(f, strings.Join(m.Header.Addresses(f), ", "), false)
	}
	for _, b := range d.Blocks {
		ok("label", b.Label, false)
		ok("markdown", b.Markdown, true)
		for _, l := range b.Lines {
			ok("line", l.Text, false)
		}
		for _, e := range b.Events {
			for _, s := range append(e.Who, e.What, e.When, e.Where, e.Organizer, e.Method, e.Repeats, e.Status) {
				ok("event", s, false)
			}
		}
	}
	for _, l := range d.Links {
		ok("link", l.URL+l.Text+l.Warn, false)
	}
	for _, r := range d.Remote {
		ok("host", r.Host, false)
	}
	m.Root.Walk(func(p *Part, _ int) {
		for k, v := range p.Params {
			ok("parameter", k+v, false)
		}
		ok("part", p.Number+p.Type+p.Disposition+p.Encoding+p.FileName+p.ContentID, false)
	})
}

// leaf is what two readers of one message can agree on of one part.
type leaf struct {
	Type   string `json:"type"`
	Name   string `json:"name"`
	Octets int    `json:"octets"`
	Sum    string `json:"sum"`
}

func (l leaf) String() string { return fmt.Sprintf("%s %q %d %.8s", l.Type, l.Name, l.Octets, l.Sum) }

// leaves are the parts with no parts in them, their transfer encoding undone.
func leaves(m *Message) (out []leaf) {
	m.Root.Walk(func(p *Part, _ int) {
		if len(p.Children) > 0 {
			return
		}
		b, _ := p.Decoded()
		out = append(out, leaf{p.Type, p.FileName, len(b), fmt.Sprintf("%x", sha256.Sum256(b))})
	})
	return out
}

// disagreements are mails that Python or go-message read in another way, and why
// ours is kept.
var disagreements = map[string]string{
	"python boundary-never-closed": "Python takes the last line end off the part; IMAP servers count it",
	"python empty-parts":           "two boundary lines in a row: Python sees no part between them, IMAP servers count an empty one",
	"python header-no-colon":       "Python ends the header there and loses its Content-Type; IMAP servers go on to the empty line",
	"python encoding-odd":          "Python does not know base64 with a comment behind it, and stops at padding inside base64",
	"python type-odd":              "Python takes the comment for the type's name, and \"/\" for a type",
	"python nested-encoded":        "Python reads the base64 as if it were the message; RFC 2046 section 5.2.1 forbids it, here it can be saved",
	"python bounce":                "Python makes messages of the groups of fields in a delivery status (RFC 3464); here it is text",
	"python external-body":         "Python goes into the phantom body; here it is one part that is named",
	"python names":                 "a quoted name that is never closed: Python keeps the quote",
	"go-message uuencode-part":     "go-message does not know uuencode",
	"go-message type-odd":          "go-message keeps the whole field where a type has no form; here it is text/plain (RFC 2045 section 5.2)",
	"go-message mailing-list":      "go-message does not know that parts of a digest are messages (RFC 2046 section 5.1.5)",
}

// TestPython compares the parts with those of Python's email package.
func TestPython(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("IMAPOP_INTEROP") == "require" {
			t.Fatal("python3 is not here, and IMAPOP_INTEROP=require")
		}
		t.Skip("python3 is not here: its email package is the other reader")
	}
	dir := t.TempDir()
	mails := corpus(t)
	for name, mail := range mails {
		if err := os.WriteFile(filepath.Join(dir, name), mail, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(python, "testdata/parts.py", dir).Output()
	if err != nil {
		t.Fatalf("python3: %v", err)
	}
	var theirs map[string][]leaf
	if err := json.Unmarshal(out, &theirs); err != nil {
		t.Fatal(err)
	}
	for name, mail := range mails {
		want := theirs[name]
		for i := range want {
			if want[i].Name != "" {
				want[i].Name = safe.FileName(want[i].Name)
			}
		}
		agree(t, "python "+name, leaves(Parse(mail)), want)
	}
}

// TestGoMessage compares the parts with those of go-message, which gives text in
// UTF-8: of text only the type is compared.
func TestGoMessage(t *testing.T) {
	untexted := func(l []leaf) []leaf {
		for i := range l {
			l[i].Name = ""
			if strings.HasPrefix(l[i].Type, "text/") {
				l[i].Octets, l[i].Sum = 0, ""
			}
		}
		return l
	}
	compared := 0
	for name, mail := range corpus(t) {
		m := Parse(mail)
		e, err := message.Read(bytes.NewReader(mail))
		if e == nil {
			t.Logf("%s: go-message does not read it: %v", name, err)
			continue
		}
		var want []leaf
		err = e.Walk(func(_ []int, p *message.Entity, _ error) error {
			kind, _, _ := p.Header.ContentType()
			if strings.HasPrefix(kind, "multipart/") {
				return nil
			}
			b, err := io.ReadAll(p.Body)
			want = append(want, leaf{Type: kind, Octets: len(b), Sum: fmt.Sprintf("%x", sha256.Sum256(b))})
			_ = err // what was wrong with it
			return nil
		})
		if err != nil {
			t.Logf("%s: go-message gives up: %v", name, err)
			continue
		}
		compared++
		agree(t, "go-message "+name, untexted(flat(m)), untexted(want))
	}
	if compared < 50 {
		t.Errorf("go-message read %d mails only", compared)
	}
}

// flat are the parts as go-message has them: a message in a message is one part.
func flat(m *Message) (out []leaf) {
	var visit func(p *Part)
	visit = func(p *Part) {
		if p.Multipart() {
			for _, c := range p.Children {
				visit(c)
			}
			return
		}
		b, _ := p.Decoded()
		out = append(out, leaf{p.Type, p.FileName, len(b), fmt.Sprintf("%x", sha256.Sum256(b))})
	}
	visit(m.Root)
	return out
}

func agree(t *testing.T, name string, got, want []leaf) {
	t.Helper()
	if slices.Equal(got, want) {
		if why, ok := disagreements[name]; ok {
			t.Errorf("%s: agrees, though we say that it does not: %s", name, why)
		}
		return
	}
	if why, ok := disagreements[name]; ok {
		t.Logf("%s differs, as it should: %s", name, why)
		return
	}
	t.Errorf("%s\nhere  %v\nthere %v", name, got, want)
}
