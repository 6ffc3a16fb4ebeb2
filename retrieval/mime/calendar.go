package mime

import (
	"fmt"
	"strings"
	"time"

	"imapop/retrieval/safe"
)

// Event is what a person wants to know of an invitation (RFC 5545). All of it is clean.
type Event struct {
	Method    string   // "REQUEST", "REPLY", "CANCEL"; "" when not told (RFC 5546)
	What      string   // SUMMARY
	When      string   // DTSTART and DTEND as the sender wrote them, with the time zone's name
	Where     string   // LOCATION
	Organizer string   // name and address
	Who       []string // attendees, with what each has answered
	Repeats   string   // RRULE, raw
	Status    string   // "CANCELLED"
}

const (
	maxEvents    = 20
	maxAttendees = 50
)

// Events reads the events of a text/calendar part.
func (p *Part) Events() ([]Event, []string) {
	var n notes
	text := p.text(&n)
	var out []Event
	var e *vevent
	method := ""
	for _, l := range unfolded(text) {
		switch name, value := l.name, l.value; {
		case name == "METHOD":
			method = safe.Line(value)
		case name == "BEGIN" && strings.EqualFold(value, "VEVENT"):
			e = &vevent{}
		case name == "BEGIN" && e != nil: // an alarm inside: not the event's
			e.nested++
		case name == "END" && e != nil && e.nested > 0:
			e.nested--
		case name == "END" && e != nil:
			if len(out) < maxEvents {
				out = append(out, e.done(method))
			} else {
				n.add(fmt.Sprintf("more than %d events: the others are left out", maxEvents))
			}
			e = nil
		case e != nil && e.nested == 0:
			e.take(l)
		}
	}
	if e != nil {
		n.add("the calendar's event is not ended")
		out = append(out, e.done(method))
	}
	return out, n.list
}

// contentLine is one property (RFC 5545 section 3.1).
type contentLine struct {
	name   string // upper case
	params map[string]string
	value  string
}

// unfolded joins continuation lines and takes properties apart.
func unfolded(text string) (out []contentLine) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.NewReplacer("\n ", "", "\n\t", "").Replace(text)
	for s := range strings.SplitSeq(text, "\n") {
		if len(out) > maxLines {
			break
		}
		head, value, ok := cutProperty(s)
		if !ok {
			continue
		}
		name, rest, _ := strings.Cut(head, ";")
		_, params := fieldValue(";" + rest)
		out = append(out, contentLine{strings.ToUpper(strings.TrimSpace(name)), params, value})
	}
	return out
}

// cutProperty cuts at the first colon outside quotes.
func cutProperty(s string) (head, value string, ok bool) {
	in := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			in = !in
		case s[i] == ':' && !in:
			return s[:i], s[i+1:], true
		}
	}
	return "", "", false
}

type vevent struct {
	Event
	start, end, length string
	day                bool // DTSTART is a date
	nested             int
	left               int // attendees that are not listed
}

func (e *vevent) take(l contentLine) {
	switch l.name {
	case "SUMMARY":
		e.What = calendarText(l.value)
	case "LOCATION":
		e.Where = calendarText(l.value)
	case "STATUS":
		e.Status = safe.Line(l.value)
	case "RRULE":
		e.Repeats = safe.Cut(l.value, 200)
	case "DTSTART":
		e.start, e.day = calendarTime(l), len(l.value) == 8
	case "DTEND":
		e.end = calendarTime(l)
	case "DURATION":
		e.length = safe.Line(l.value)
	case "ORGANIZER":
		e.Organizer = person(l)
	case "ATTENDEE":
		if len(e.Who) >= maxAttendees {
			e.left++
			return
		}
		who := person(l)
		if s := safe.Line(strings.ToLower(l.params["partstat"])); s != "" && s != "needs-action" {
			who += " (" + s + ")"
		}
		e.Who = append(e.Who, who)
	}
}

func (e *vevent) done(method string) Event {
	e.Method = method
	e.When = e.start
	switch {
	case e.end != "" && e.end != e.start:
		e.When += " to " + e.end
	case e.length != "":
		e.When += ", for " + e.length
	}
	if e.left > 0 {
		e.Who = append(e.Who, fmt.Sprintf("and %d more", e.left))
	}
	return e.Event
}

// calendarTime shows a time as its sender meant it: no zone is converted here.
func calendarTime(l contentLine) string {
	v := strings.TrimSpace(l.value)
	if t, err := time.Parse("20060102", v); err == nil {
		return t.Format("Mon 2 Jan 2006")
	}
	zone := " (time of the place)"
	if tz := l.params["tzid"]; tz != "" {
		zone = " (" + safe.Line(tz) + ")"
	}
	if strings.HasSuffix(v, "Z") {
		v, zone = strings.TrimSuffix(v, "Z"), " UTC"
	}
	if t, err := time.Parse("20060102T150405", v); err == nil {
		return t.Format("Mon 2 Jan 2006 15:04") + zone
	}
	return safe.Cut(l.value, 60)
}

func person(l contentLine) string {
	addr := l.value
	if len(addr) > 7 && strings.EqualFold(addr[:7], "mailto:") {
		addr = addr[7:]
	}
	addr = safe.Cut(addr, 120)
	if cn := safe.Cut(l.params["cn"], 120); cn != "" && cn != addr {
		return cn + " <" + addr + ">"
	}
	return addr
}

// calendarText undoes escapes (RFC 5545 section 3.3.11) and makes one line.
func calendarText(s string) string {
	return safe.Cut(strings.NewReplacer(`\n`, " ", `\N`, " ", `\,`, ",", `\;`, ";", `\\`, `\`).Replace(s), 500)
}
