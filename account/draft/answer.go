package draft

import (
	"fmt"
	"net/mail"
	"strings"
	"time"
)

// Original is the received message that a draft answers or forwards. Its fields
// are decoded (RFC 2047); addresses are lists as in the header.
type Original struct {
	From, ReplyTo, To, Cc, Subject string
	Date                           time.Time // zero: missing or unreadable
	MessageID                      string    // with angle brackets; "" when it has none
	InReplyTo, References          []string  // message identifiers with angle brackets
	Text                           string    // what a person reads of it, LF
}

// Reply begins an answer to o from me: to its Reply-To, else its From. With all,
// those of To and Cc are in Cc, but for me and whom To has already (RFC 5322
// section 3.6.3). An answer to one's own message goes to whom that went to.
func Reply(o Original, me string, all bool) Draft {
	d := Draft{From: me, Subject: prefixed("Re: ", o.Subject)}
	to := parsed(o.ReplyTo)
	if len(to) == 0 {
		to = parsed(o.From)
	}
	mine := map[string]bool{}
	for _, a := range parsed(me) {
		mine[folded(a.Address)] = true
	}
	if len(to) > 0 && mine[folded(to[0].Address)] && len(parsed(o.To)) > 0 {
		to = parsed(o.To)
	}
	seen := map[string]bool{}
	d.To = list(to, seen)
	if d.To == "" { // it cannot be read as addresses: the person sees what stood there
		d.To = oneLine(o.From)
	}
	if all {
		for key := range mine {
			seen[key] = true
		}
		d.Cc = list(append(parsed(o.To), parsed(o.Cc)...), seen)
	}
	d.InReplyTo, d.References = o.MessageID, o.thread()
	d.Text = quoted(o)
	return d
}

// thread is the References field of an answer (RFC 5322 section 3.6.4): the
// original's references, or else the one message that it answers itself, and it.
func (o Original) thread() []string {
	if o.MessageID == "" {
		return nil
	}
	before := o.References
	if len(before) == 0 && len(o.InReplyTo) == 1 {
		before = o.InReplyTo
	}
	return append(before[:len(before):len(before)], o.MessageID)
}

// Forward begins a message that passes o on: its fields and text stand below what
// is yet to be typed. The whole original belongs beside it as an attachment.
func Forward(o Original, me string) Draft {
	d := Draft{From: me, Subject: prefixed("Fwd: ", o.Subject)}
	var b strings.Builder
	b.WriteString("\n\n---------- Forwarded message ----------\n")
	for _, f := range []struct{ name, value string }{
		{"From", o.From}, {"Date", day(o.Date)}, {"To", o.To}, {"Cc", o.Cc}, {"Subject", o.Subject},
	} {
		if f.value != "" {
			b.WriteString(f.name + ": " + oneLine(f.value) + "\n")
		}
	}
	d.Text = b.String() + "\n" + strings.TrimRight(o.Text, "\n") + "\n"
	return d
}

// quoted is the original's text with a ">" before each line (RFC 3676 section
// 4.5), under a line that says whose it is. A signature is not repeated.
func quoted(o Original) string {
	text, _, _ := strings.Cut(strings.TrimRight(o.Text, "\n")+"\n", "\n-- \n")
	if strings.TrimSpace(text) == "" {
		return "\n"
	}
	who := "somebody"
	if from := parsed(o.From); len(from) > 0 {
		who = from[0].Name
		if who == "" {
			who = from[0].Address
		}
	} else if o.From != "" {
		who = oneLine(o.From)
	}
	var b strings.Builder
	if o.Date.IsZero() {
		fmt.Fprintf(&b, "%s wrote:\n", who)
	} else {
		fmt.Fprintf(&b, "On %s, %s wrote:\n", day(o.Date), who)
	}
	for _, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		switch {
		case strings.HasPrefix(line, ">"):
			b.WriteString(">" + line + "\n")
		default:
			b.WriteString(strings.TrimRight("> "+line, " ") + "\n")
		}
	}
	return b.String() + "\n"
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("Mon, 2 Jan 2006 at 15:04 -0700")
}

// prefixed puts "Re: " or "Fwd: " before a subject that does not have it.
func prefixed(prefix, subject string) string {
	subject = oneLine(subject)
	for _, have := range []string{prefix, strings.Replace(prefix, "Fwd", "Fw", 1)} {
		if len(subject) >= len(have)-1 && strings.EqualFold(subject[:len(have)-1], have[:len(have)-1]) {
			return subject
		}
	}
	return prefix + subject
}

func parsed(s string) []*mail.Address {
	list, _ := Addresses("", s)
	return list
}

// list writes addresses that were not seen before, and marks them as seen.
func list(as []*mail.Address, seen map[string]bool) string {
	var out []string
	for _, a := range as {
		if key := folded(a.Address); !seen[key] {
			seen[key] = true
			out = append(out, Written(a))
		}
	}
	return strings.Join(out, ", ")
}

// Written is an address as a person reads and types it: the name undecorated
// where it can stand so, never in encoded words.
func Written(a *mail.Address) string {
	if a.Name == "" {
		return a.Address
	}
	name := oneLine(a.Name)
	if strings.ContainsAny(name, `()<>[]:;@\,."`) {
		name = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
	}
	return name + " <" + a.Address + ">"
}
