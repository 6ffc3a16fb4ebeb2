package draft

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestReplyToTheOneWhoWrote(t *testing.T) {
	o := Original{From: "Ada Lovelace <ada@example.org>", To: "Alice <alice@example.org>, bob@example.org",
		Cc: "Grace <grace@example.org>, ADA@example.org", Subject: "Notes", MessageID: "<3@x>",
		References: []string{"<1@x>", "<2@x>"}, Date: time.Date(2026, 11, 26, 9, 30, 0, 0, time.UTC),
		Text: "one\n> two\n\nthree\n-- \nAda\n"}
	d := Reply(o, "Alice <alice@example.org>", false)
	want := Draft{From: "Alice <alice@example.org>", To: "Ada Lovelace <ada@example.org>", Subject: "Re: Notes",
		InReplyTo: "<3@x>", References: []string{"<1@x>", "<2@x>", "<3@x>"},
		Text: "On Thu, 26 Nov 2026 at 09:30 +0000, Ada Lovelace wrote:\n> one\n>> two\n>\n> three\n\n"}
	if !reflect.DeepEqual(d, want) {
		t.Errorf("got %+v\nwant %+v", d, want)
	}
	all := Reply(o, "Alice <alice@example.org>", true)
	if all.To != want.To || all.Cc != "bob@example.org, Grace <grace@example.org>" {
		t.Errorf("to all: To %q, Cc %q", all.To, all.Cc)
	}
}

// TestThread holds RFC 5322 section 3.6.4 for each kind of parent.
func TestThread(t *testing.T) {
	for _, c := range []struct {
		o    Original
		want []string
	}{
		{Original{MessageID: "<3@x>", References: []string{"<1@x>"}, InReplyTo: []string{"<9@x>"}}, []string{"<1@x>", "<3@x>"}},
		{Original{MessageID: "<3@x>", InReplyTo: []string{"<1@x>"}}, []string{"<1@x>", "<3@x>"}},
		{Original{MessageID: "<3@x>", InReplyTo: []string{"<1@x>", "<2@x>"}}, []string{"<3@x>"}},
		{Original{MessageID: "<3@x>"}, []string{"<3@x>"}},
		{Original{References: []string{"<1@x>"}}, nil},
	} {
		if got := Reply(c.o, "me@x", false).References; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%+v: %q, want %q", c.o, got, c.want)
		}
	}
}

func TestWhoIsAnswered(t *testing.T) {
	for _, c := range []struct{ name, replyTo, from, to, want string }{
		{"Reply-To goes first", "list@example.org", "ada@example.org", "x@example.org", "list@example.org"},
		{"one's own message goes on to its recipients", "", "me@example.org", "bob@example.org", "bob@example.org"},
		{"what is no address is shown", "", "undisclosed: sender", "", "undisclosed: sender"},
		{"a name with a comma is quoted", "", `"Lovelace, Ada" <ada@example.org>`, "", `"Lovelace, Ada" <ada@example.org>`},
	} {
		if got := Reply(Original{ReplyTo: c.replyTo, From: c.from, To: c.to}, "me@example.org", false).To; got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestSubjects(t *testing.T) {
	for _, c := range [][3]string{{"Re: ", "Notes", "Re: Notes"}, {"Re: ", "RE: Notes", "RE: Notes"}, {"Re: ", "re:Notes", "re:Notes"},
		{"Fwd: ", "FW: x", "FW: x"}, {"Fwd: ", "Re: x", "Fwd: Re: x"}, {"Re: ", "Regards", "Re: Regards"}} {
		if got := prefixed(c[0], c[1]); got != c[2] {
			t.Errorf("%q: %q, want %q", c[1], got, c[2])
		}
	}
}

func TestForward(t *testing.T) {
	d := Forward(Original{From: "ada@example.org", Subject: "Notes", Text: "one\n"}, "me@example.org")
	if d.Subject != "Fwd: Notes" || !strings.HasSuffix(d.Text, "From: ada@example.org\nSubject: Notes\n\none\n") || d.InReplyTo != "" {
		t.Errorf("got %+v", d)
	}
}

func TestCheck(t *testing.T) {
	good := Draft{From: "A <a@x>", To: "b@x, c@x,", Bcc: "B@X"}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	if got, _ := good.Recipients(); !reflect.DeepEqual(got, []string{"b@x", "c@x"}) {
		t.Errorf("recipients %q", got)
	}
	for want, change := range map[string]func(*Draft){
		"no sender":              func(d *Draft) { d.From = "" },
		"not one address":        func(d *Draft) { d.From = "a@x, b@x" },
		"no recipient":           func(d *Draft) { d.To, d.Bcc = "", "" },
		"Cc: \"nobody\" is not":  func(d *Draft) { d.Cc = "nobody" },
		"Reply-To: \"x\" is not": func(d *Draft) { d.ReplyTo = "x" },
	} {
		d := good
		change(&d)
		if err := d.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestNothingTypedIsLost holds that a broken header makes text, not nothing.
func TestNothingTypedIsLost(t *testing.T) {
	d := Parse("To: b@x\nDear Bob,\nSubject: this is text\n")
	if d.To != "b@x" || d.Text != "Dear Bob,\nSubject: this is text\n" {
		t.Errorf("got %+v", d)
	}
	if d := Parse("To: a@x\nTo: b@x\nAttach: /tmp/a file.txt\nAttach: \n\nx"); d.To != "a@x, b@x" || len(d.Attach) != 1 || d.Text != "x" {
		t.Errorf("got %+v", d)
	}
}

// FuzzForm holds that what is kept is what was typed.
func FuzzForm(f *testing.F) {
	f.Add("a@x", "Grüße", "text\n\nmore\n", "/tmp/x: y", "<1@x>")
	f.Add("", "", "To: me\n", "", "")
	f.Add("", " x ", "\n\n", "-", "")
	f.Fuzz(func(t *testing.T, to, subject, text, attach, id string) {
		text = strings.ReplaceAll(text, "\r", "")
		d := Draft{To: oneLine(to), Subject: oneLine(subject), Text: text, InReplyTo: oneLine(id), Stored: len(text)%2 == 1}
		if p := oneLine(attach); p != "" {
			d.Attach = []string{p}
		}
		if got := Parse(Format(d)); !reflect.DeepEqual(got, d) {
			t.Errorf("got %+v\nwant %+v\nfrom %q", got, d, Format(d))
		}
	})
}
