package compose

import (
	"net/mail"
	"strings"

	"imapop/account/draft"
	"imapop/ui/internal/field"
	"imapop/ui/wish"
)

// maxHints is how many completions are offered.
const maxHints = 5

// hinted finds completions of what is typed: addresses among the mail that was
// seen, at once; files are asked for.
func (m Model) hinted() (Model, []wish.Wish) {
	switch m.focus {
	case fieldTo, fieldCc, fieldBcc:
		m.hints = m.people(lastOf(m.fields[m.focus].Text()))
	case fieldAttach:
		return m, []wish.Wish{wish.Paths{Text: m.fields[fieldAttach].Text()}}
	default:
		m.hints = nil
	}
	return m, nil
}

// Paths brings the files that begin with what was typed then.
func (m Model) Paths(text string, found []string) Model {
	if m.at == writing && m.focus == fieldAttach && m.fields[fieldAttach].Text() == text {
		m.hints = found
	}
	return m
}

// lastOf is the address that is being typed: what stands behind the last comma.
func lastOf(list string) string {
	return strings.TrimSpace(list[strings.LastIndexByte(list, ',')+1:])
}

// people are the senders of mail that was seen whose name or address begins so, the
// latest first.
func (m Model) people(typed string) (out []string) {
	typed = strings.ToLower(typed)
	if typed == "" {
		return nil
	}
	seen := map[string]bool{}
	if own, err := draft.Addresses("From", m.draft.From); err == nil && len(own) == 1 && begins(own[0].Name+" "+own[0].Address, typed) {
		seen[strings.ToLower(own[0].Address)] = true
		out = append(out, draft.Written(own[0]))
	}
	for i := len(m.view.Rows) - 1; i >= 0 && len(out) < maxHints; i-- {
		row := &m.view.Rows[i]
		name, address := "", ""
		switch {
		case row.Message != nil:
			name, address = row.Message.Header.From, row.Message.Header.Address
		case row.Entry != nil && row.Entry.Header != nil:
			name, address = row.Entry.Header.From, row.Entry.Header.Address
		}
		if address == "" || seen[strings.ToLower(address)] || !begins(name+" "+address, typed) {
			continue
		}
		seen[strings.ToLower(address)] = true
		if name == address {
			name = ""
		}
		out = append(out, draft.Written(&mail.Address{Name: name, Address: address}))
	}
	return out
}

// begins reports whether a word of s begins with the typed letters, or all of it.
func begins(s, typed string) bool {
	s = strings.ToLower(s)
	return strings.HasPrefix(s, typed) || strings.Contains(s, " "+typed)
}

// completed takes the first completion, or goes to the next field.
func (m Model) completed() (Model, []wish.Wish) {
	if len(m.hints) == 0 || m.focus > fieldAttach {
		return m.focused(m.focus + 1)
	}
	typed := m.fields[m.focus].Text()
	if m.focus == fieldAttach {
		return m.completedPath(typed)
	}
	before := typed[:strings.LastIndexByte(typed, ',')+1]
	if before != "" {
		before += " "
	}
	m.fields[m.focus] = field.New(before+m.hints[0]+", ", maxTyped, nil)
	m.hints, m.dirty = nil, true
	return m, nil
}

// completedPath goes as far as all the files that fit have in common.
func (m Model) completedPath(typed string) (Model, []wish.Wish) {
	common := m.hints[0]
	for _, h := range m.hints[1:] {
		for !strings.HasPrefix(h, common) {
			common = common[:len(common)-1]
		}
	}
	if len(common) <= len(typed) || !strings.HasPrefix(common, typed) {
		if len(m.hints) > 1 || common == typed {
			return m, nil // there is a choice: the person types on
		}
		common = m.hints[0]
	}
	m.fields[fieldAttach] = field.New(strings.ToValidUTF8(common, ""), maxTyped, nil)
	return m.hinted()
}
