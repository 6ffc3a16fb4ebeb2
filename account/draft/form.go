package draft

import (
	"strings"
)

// fields are the lines above the text, in their order. Those marked are always
// written, also when empty, so that a person sees where to type.
var fields = []struct {
	name  string
	shown bool
	at    func(*Draft) *string
}{
	{"From", true, func(d *Draft) *string { return &d.From }},
	{"To", true, func(d *Draft) *string { return &d.To }},
	{"Cc", true, func(d *Draft) *string { return &d.Cc }},
	{"Bcc", true, func(d *Draft) *string { return &d.Bcc }},
	{"Reply-To", false, func(d *Draft) *string { return &d.ReplyTo }},
	{"Subject", true, func(d *Draft) *string { return &d.Subject }},
	{"In-Reply-To", false, func(d *Draft) *string { return &d.InReplyTo }},
}

// Format writes the draft as the text that an editor shows and a file keeps: a
// line for each field, "Attach: PATH" for each attachment, an empty line, the
// text. Parse reads it back; line breaks inside a field become spaces.
func Format(d Draft) string {
	var b strings.Builder
	line := func(name, value string) { b.WriteString(strings.TrimRight(name+": "+oneLine(value), " ") + "\n") }
	for _, f := range fields {
		if v := *f.at(&d); v != "" || f.shown {
			line(f.name, v)
		}
	}
	if len(d.References) > 0 {
		line("References", strings.Join(d.References, " "))
	}
	if d.Stored {
		line("Stored", "yes")
	}
	for _, path := range d.Attach {
		line("Attach", path)
	}
	b.WriteString("\n" + d.Text)
	return b.String()
}

// Parse reads what Format wrote and a person then changed. It never fails and
// loses nothing: from the first line on that is no known field, everything is text.
func Parse(s string) Draft {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	var d Draft
	for {
		line, rest, more := strings.Cut(s, "\n")
		if line == "" {
			d.Text = rest
			return d
		}
		name, value, found := strings.Cut(line, ":")
		if !found || !d.set(name, strings.TrimSpace(value)) {
			d.Text = s
			return d
		}
		if !more {
			return d
		}
		s = rest
	}
}

// set puts a value into a field; a second line of the same list is added to it.
func (d *Draft) set(name, value string) bool {
	switch strings.ToLower(name) {
	case "references":
		d.References = append(d.References, strings.Fields(value)...)
		return true
	case "stored":
		d.Stored = value == "yes"
		return true
	case "attach":
		if value != "" {
			d.Attach = append(d.Attach, value)
		}
		return true
	}
	for _, f := range fields {
		if !strings.EqualFold(f.name, name) {
			continue
		}
		at := f.at(d)
		switch {
		case *at == "":
			*at = value
		case value != "" && f.name == "Subject", value != "" && f.name == "In-Reply-To":
			*at += " " + value
		case value != "":
			*at += ", " + value
		}
		return true
	}
	return false
}

// oneLine puts spaces for control characters.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s))
}
