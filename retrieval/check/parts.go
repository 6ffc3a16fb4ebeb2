package check

import (
	"fmt"
	"strings"

	"imapop/account"
	"imapop/retrieval"
	"imapop/retrieval/safe"
)

// summary names what should be changed, before all that was seen.
func (w *writer) summary(all []Finding) {
	for _, f := range all {
		if !f.OnTheWire || !f.Level.Worse(Info) {
			continue
		}
		text := fmt.Sprintf("  %-8s %s", f.Level, f.Title)
		if len(f.About) > 0 {
			names := make([]string, len(f.About))
			for i, p := range f.About {
				names[i] = title(p)
			}
			text += " (" + strings.Join(names, ", ") + ")"
		}
		w.add(Line{Text: text, Level: f.Level})
	}
}

func (w *writer) findings(all []Finding) {
	w.head("FINDINGS")
	any := false
	for _, f := range all {
		if !f.OnTheWire {
			continue
		}
		any = true
		w.add(Line{Text: fmt.Sprintf("%-8s %s", strings.ToUpper(string(f.Level)), f.Title), Level: f.Level})
		w.para(2, "seen: ", f.Reason)
		w.para(2, "do:   ", f.Remedy)
		if f.Link != "" {
			w.para(2, "see:  ", f.Source+", "+f.Link)
		}
	}
	if !any {
		w.add(Line{Text: "none"})
	}
	w.blank()
}

func (w *writer) leave(r Report) {
	if len(r.Promises) == 0 {
		return
	}
	w.head("LEAVING MAIL ON THE SERVER (this account: " + r.Facts.LeaveOnServer + ")")
	for _, p := range r.Promises {
		sign := "no:  "
		if p.Holds {
			sign = "yes: "
		}
		w.para(2, sign, p.Text+" ("+p.Source+")")
	}
	w.blank()
}

// capabilities shows IMAP's and POP3's beside each other, and submission's below.
func (w *writer) capabilities(r Report) {
	imap, pop := r.Capabilities[retrieval.IMAP], r.Capabilities[retrieval.POP3]
	if len(imap)+len(pop) > 0 {
		w.head("CAPABILITIES, AND WHAT THEY MEAN")
		w.columns(heading(r.Facts.IMAP), heading(r.Facts.POP3))
		left, right := entries(imap), entries(pop)
		for i := range max(len(left), len(right)) {
			w.columns(at(left, i), at(right, i))
		}
		w.blank()
	}
	if smtp := r.Capabilities[retrieval.SMTP]; len(smtp) > 0 {
		w.add(Line{Text: heading(r.Facts.Submission)})
		for _, e := range entries(smtp) {
			w.para(0, "", e)
		}
		w.blank()
	}
}

func heading(s *Side) string {
	if s == nil {
		return ""
	}
	return title(s.Protocol) + ", " + s.moment() + ":"
}

func entries(caps []Capability) []string {
	out := make([]string, len(caps))
	for i, c := range caps {
		out[i] = c.Name
		if c.Meaning != "" {
			out[i] += " – " + c.Meaning
		}
		if c.Source != "" {
			out[i] += " (" + c.Source + ")"
		}
	}
	return out
}

// columns writes two cells of half the width; where they go on they are indented.
func (w *writer) columns(a, b string) {
	cell := (w.width - 2) / 2
	left, right := hanging(a, cell), hanging(b, cell)
	for i := range max(len(left), len(right)) {
		w.add(Line{Text: safe.Pad(at(left, i), cell) + "  " + at(right, i)})
	}
}

func hanging(s string, width int) []string {
	lines := wrap(s, width-2)
	for i := range lines {
		if i > 0 {
			lines[i] = "  " + lines[i]
		}
	}
	return lines
}

// shownLogins is how many failed logins the report lists.
const shownLogins = 10

func (w *writer) failed(all []account.FailedLogin) {
	if len(all) == 0 {
		return
	}
	w.head("FAILED LOGINS THAT THIS DEVICE REMEMBERS")
	for _, l := range all[:min(len(all), shownLogins)] {
		code := ""
		if l.Code != "" {
			code = ", [" + l.Code + "]"
		}
		w.para(2, "", fmt.Sprintf("%s  %s %s, %s%s", l.At.Format("2006-01-02 15:04:05"), l.Protocol, l.Endpoint, l.Mechanism, code))
	}
	if n := len(all) - shownLogins; n > 0 {
		w.para(2, "", fmt.Sprintf("and %d earlier", n))
	}
	w.blank()
}

func (w *writer) advice(all []Finding) {
	w.head("GOOD PRACTICE, WHICH NO CONNECTION CAN CONFIRM")
	for _, f := range all {
		if !f.OnTheWire {
			w.para(2, "· ", f.Title+": "+f.Remedy+" ("+f.Source+")")
		}
	}
}
