package sandbox

import (
	"bytes"
	"io"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	gomessage "github.com/emersion/go-message"
	"github.com/emersion/go-message/mail"
)

// Search looks at flags, dates and sizes first and reads a message only when
// the criteria speak of its text (RFC 9051 section 6.4.4).
func (c *imapSession) Search(kind imapserver.NumKind, crit *imap.SearchCriteria, o *imap.SearchOptions) (*imap.SearchData, error) {
	unlock := c.lock()
	v := c.view
	all := v.pick(imap.SeqSet{{Start: 1}})
	v.resolve(crit)
	unlock()

	var seqs imap.SeqSet
	var uids imap.UIDSet
	data := new(imap.SearchData)
	for _, m := range all {
		if !m.matches(crit) {
			continue
		}
		uids.AddNum(m.uid)
		seqs.AddNum(m.seq)
		num := m.seq
		if kind == imapserver.NumKindUID {
			num = uint32(m.uid)
		}
		if data.Count == 0 {
			data.Min = num
		}
		data.Max = num
		data.Count++
	}
	data.All = seqs
	if kind == imapserver.NumKindUID {
		data.All = uids
	}
	if o.ReturnSave {
		defer c.lock()()
		v.found = uids
	}
	return data, nil
}

// resolve replaces "*", "n:*" and "$" by the UIDs they mean now.
func (v *view) resolve(crit *imap.SearchCriteria) {
	uidsOf := func(set imap.NumSet) imap.UIDSet {
		var out imap.UIDSet
		for _, r := range v.ranges(set) {
			for i := r[0]; i < r[1]; i++ {
				out.AddNum(v.msgs[i].uid)
			}
		}
		return out
	}
	for i, set := range crit.UID {
		if set.Dynamic() || imap.IsSearchRes(set) {
			crit.UID[i] = uidsOf(set)
		}
	}
	for _, set := range crit.SeqNum {
		crit.UID = append(crit.UID, uidsOf(set))
	}
	crit.SeqNum = nil
	for i := range crit.Not {
		v.resolve(&crit.Not[i])
	}
	for i := range crit.Or {
		v.resolve(&crit.Or[i][0])
		v.resolve(&crit.Or[i][1])
	}
}

func (m numbered) matches(c *imap.SearchCriteria) bool {
	for _, set := range c.UID {
		if !set.Contains(m.uid) {
			return false
		}
	}
	flagged := &message{flags: m.flags}
	for _, f := range c.Flag {
		if !flagged.has(f) {
			return false
		}
	}
	for _, f := range c.NotFlag {
		if flagged.has(f) {
			return false
		}
	}
	if !within(m.date, c.Since, c.Before) ||
		c.Larger != 0 && m.Size() <= c.Larger || c.Smaller != 0 && m.Size() >= c.Smaller {
		return false
	}
	for i := range c.Not {
		if m.matches(&c.Not[i]) {
			return false
		}
	}
	for i := range c.Or {
		if !m.matches(&c.Or[i][0]) && !m.matches(&c.Or[i][1]) {
			return false
		}
	}
	return m.matchesText(c)
}

// matchesText compares what has to be read, decoded and without regard to case.
func (m numbered) matchesText(c *imap.SearchCriteria) bool {
	if len(c.Header)+len(c.Text)+len(c.Body) == 0 && c.SentSince.IsZero() && c.SentBefore.IsZero() {
		return true
	}
	raw := m.Bytes()
	head, _ := splitHeader(raw)
	e, err := gomessage.Read(bytes.NewReader(head))
	if e == nil {
		return err == nil
	}
	header := mail.Header{Header: e.Header}
	for _, h := range c.Header {
		if !headerContains(header.FieldsByKey(h.Key), h.Value) {
			return false
		}
	}
	if !c.SentSince.IsZero() || !c.SentBefore.IsZero() {
		if t, err := header.Date(); err != nil || !within(t, c.SentSince, c.SentBefore) {
			return false
		}
	}
	for _, text := range c.Text {
		if !headerContains(header.Fields(), text) && !bodyContains(raw, text) {
			return false
		}
	}
	for _, text := range c.Body {
		if !bodyContains(raw, text) {
			return false
		}
	}
	return true
}

// within compares days as they are written, whatever the zone (RFC 9051 section 6.4.4).
func within(t, since, before time.Time) bool {
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	return (since.IsZero() || !day.Before(since)) && (before.IsZero() || day.Before(before))
}

func headerContains(fields gomessage.HeaderFields, pattern string) bool {
	pattern = strings.ToLower(pattern)
	for fields.Next() {
		text, _ := fields.Text()
		if strings.Contains(strings.ToLower(text), pattern) {
			return true
		}
	}
	return false
}

func bodyContains(raw []byte, pattern string) bool {
	if bytes.Count(raw, []byte("boundary")) > maxParts {
		return bytes.Contains(raw, []byte(pattern))
	}
	e, _ := gomessage.Read(bytes.NewReader(raw))
	if e == nil {
		return false
	}
	pattern = strings.ToLower(pattern)
	found := false
	e.Walk(func(_ []int, part *gomessage.Entity, err error) error {
		if err != nil || found {
			return nil
		}
		if t, _, _ := part.Header.ContentType(); strings.HasPrefix(t, "text/") {
			text, _ := io.ReadAll(part.Body)
			found = strings.Contains(strings.ToLower(string(text)), pattern)
		}
		return nil
	})
	return found
}
