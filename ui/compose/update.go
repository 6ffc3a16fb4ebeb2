package compose

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"imapop/account/draft"
	"imapop/retrieval"
	"imapop/ui/internal/field"
	"imapop/ui/wish"
)

// Update takes a key and returns what the screen asks for.
func (m Model) Update(msg tea.Msg) (Model, []wish.Wish) {
	k, ok := msg.(tea.KeyMsg)
	if !ok {
		return m, nil
	}
	m.notice = ""
	switch m.at {
	case inMenu:
		return m.menuKey(k)
	case inDrafts, inOutbox:
		return m.listKey(k)
	case writing:
		return m.writingKey(k)
	case leaving:
		return m.leavingKey(k)
	case planned:
		return m.plannedKey(k)
	case done:
		return m.doneKey(k)
	case sending:
		if key.Matches(k, m.keys.Back) {
			m.notice = "stopping: what the server has whole is sent all the same"
			return m, []wish.Wish{wish.Cancel{}}
		}
	case loading:
		if key.Matches(k, m.keys.Back) {
			return m.close(wish.Cancel{})
		}
	}
	return m, nil
}

// close leaves the screen, with what else is wished.
func (m Model) close(wishes ...wish.Wish) (Model, []wish.Wish) {
	m.at = inMenu
	return m, append(wishes, wish.Open{Screen: wish.Compare})
}

func (m Model) menuKey(k tea.KeyMsg) (Model, []wish.Wish) {
	for _, c := range []struct {
		key  key.Binding
		kind draft.Kind
	}{{m.keys.New, draft.New}, {m.keys.Reply, draft.Answer}, {m.keys.ReplyAll, draft.AnswerAll}, {m.keys.Forward, draft.PassOn}} {
		if !key.Matches(k, c.key) {
			continue
		}
		if c.kind != draft.New && m.about == "" {
			m.notice = "there is no message under the cursor to answer"
			return m, nil
		}
		action := m.action
		if c.kind == draft.New {
			action = retrieval.Action{}
		}
		return m.Loading(c.kind), []wish.Wish{wish.Begin{Kind: c.kind, Action: action}}
	}
	switch {
	case key.Matches(k, m.keys.Drafts):
		m.at, m.cursor = inDrafts, 0
	case key.Matches(k, m.keys.Outbox):
		m.at, m.cursor = inOutbox, 0
	case key.Matches(k, m.keys.Back), k.String() == "q": // nothing is typed here
		return m.close()
	}
	return m, nil
}

func (m Model) length() int {
	if m.at == inOutbox {
		return len(m.outbox)
	}
	return len(m.drafts)
}

func (m Model) listKey(k tea.KeyMsg) (Model, []wish.Wish) {
	there := m.cursor < m.length()
	switch {
	case key.Matches(k, m.keys.Back), k.String() == "q": // nothing is typed here
		m.at = inMenu
	case key.Matches(k, m.keys.Up):
		m.cursor = max(m.cursor-1, 0)
	case key.Matches(k, m.keys.Down):
		m.cursor = min(m.cursor+1, max(m.length()-1, 0))
	case key.Matches(k, m.keys.Choose) && there && m.at == inDrafts:
		m.kind, m.action = draft.FromDrafts, retrieval.Action{}
		return m.Open(m.drafts[m.cursor], nil), nil
	case key.Matches(k, m.keys.Choose) && there:
		m.kind, m.action = draft.FromDrafts, retrieval.Action{}
		return m.Sending(), []wish.Wish{wish.Resend{ID: m.outbox[m.cursor].ID}}
	case key.Matches(k, m.keys.Drop) && there:
		return m.drop()
	}
	m.sure = ""
	return m, nil
}

// drop takes away what the cursor is on, when that was asked for twice.
func (m Model) drop() (Model, []wish.Wish) {
	id, do, what := "", wish.Wish(nil), "this draft"
	if m.at == inDrafts {
		id, do = m.drafts[m.cursor].ID, wish.Discard{Draft: m.drafts[m.cursor]}
	} else {
		id, do, what = m.outbox[m.cursor].ID, wish.Drop{ID: m.outbox[m.cursor].ID}, "this message, unsent"
	}
	if m.sure != id {
		m.sure, m.notice = id, "x once more drops "+what+", for good"
		return m, nil
	}
	m.sure = ""
	return m, []wish.Wish{do, wish.Unsent{}}
}

func (m Model) writingKey(k tea.KeyMsg) (Model, []wish.Wish) {
	switch {
	case key.Matches(k, m.keys.Back):
		untouched := !m.dirty && !m.keeping && m.kept.IsZero()
		switch {
		case untouched && m.kind == draft.FromDrafts:
			return m.close()
		case untouched, m.Draft().Empty():
			return m.close(wish.Discard{Draft: m.Draft()})
		}
		m.at = leaving
		return m, nil
	case key.Matches(k, m.keys.Send):
		return m, []wish.Wish{wish.Plan{Draft: m.Draft()}}
	case key.Matches(k, m.keys.Editor):
		return m, []wish.Wish{wish.Edit{Draft: m.Draft()}}
	case key.Matches(k, m.keys.Next):
		return m.completed()
	case key.Matches(k, m.keys.Previous):
		return m.focused(m.focus - 1)
	}
	if m.focus == fieldText {
		return m.textKey(k)
	}
	return m.fieldKey(k)
}

// focused moves to another field.
func (m Model) focused(to int) (Model, []wish.Wish) {
	m.focus = (to + fieldText + 1) % (fieldText + 1)
	m.hints = nil
	return m.hinted()
}

func (m Model) fieldKey(k tea.KeyMsg) (Model, []wish.Wish) {
	switch k.Type {
	case tea.KeyEnter:
		if m.focus == fieldAttach && m.fields[fieldAttach].Text() != "" {
			return m.attached()
		}
		return m.focused(m.focus + 1)
	case tea.KeyDown:
		return m.focused(m.focus + 1)
	case tea.KeyUp:
		return m.focused(max(m.focus-1, 0))
	case tea.KeyBackspace:
		if n := len(m.draft.Attach); m.focus == fieldAttach && n > 0 && m.fields[fieldAttach].Text() == "" {
			m.notice = "not attached any more: " + m.draft.Attach[n-1]
			m.draft.Attach = m.draft.Attach[: n-1 : n-1]
			m.dirty = true
			return m, nil
		}
	}
	before := m.fields[m.focus].Text()
	m.fields[m.focus] = m.fields[m.focus].Press(k)
	if m.fields[m.focus].Text() == before {
		return m, nil
	}
	m.dirty = m.dirty || m.focus != fieldAttach
	return m.hinted()
}

// attached takes the typed path; that a file is there shows when it is sent.
func (m Model) attached() (Model, []wish.Wish) {
	path := strings.TrimSpace(m.fields[fieldAttach].Text())
	if strings.HasSuffix(path, "/") {
		m.notice = "this is a directory: tab completes the name of a file in it"
		return m, nil
	}
	m.draft.Attach = append(m.draft.Attach[:len(m.draft.Attach):len(m.draft.Attach)], path)
	m.fields[fieldAttach] = field.New("", maxTyped, nil)
	m.dirty, m.hints = true, nil
	return m, nil
}

func (m Model) textKey(k tea.KeyMsg) (Model, []wish.Wish) {
	if k.Type == tea.KeyUp && m.text.Line() == 0 && m.text.LineInfo().RowOffset == 0 {
		return m.focused(fieldAttach)
	}
	before := m.text.Length()
	was := m.text.Value()
	m.text, _ = m.text.Update(k)
	if m.text.Length() != before || m.text.Value() != was {
		m.touched, m.dirty = true, true
	}
	return m, nil
}

func (m Model) leavingKey(k tea.KeyMsg) (Model, []wish.Wish) {
	switch {
	case key.Matches(k, m.keys.Keep):
		d := m.Draft()
		m.dirty, m.keeping = false, false
		return m.close(wish.StoreDraft{Draft: d})
	case key.Matches(k, m.keys.Discard):
		d := m.Draft()
		m.dirty, m.keeping = false, false
		return m.close(wish.Discard{Draft: d})
	case key.Matches(k, m.keys.Back):
		m.at = writing
	}
	return m, nil
}

func (m Model) plannedKey(k tea.KeyMsg) (Model, []wish.Wish) {
	switch {
	case key.Matches(k, m.keys.Back), m.failed != "":
		m.at = writing
	case key.Matches(k, m.keys.Yes):
		d := m.Draft()
		return m.Sending(), []wish.Wish{wish.Send{Draft: d}}
	}
	return m, nil
}

func (m Model) doneKey(k tea.KeyMsg) (Model, []wish.Wish) {
	switch {
	case key.Matches(k, m.keys.Back):
		return m.close()
	case key.Matches(k, m.keys.Partial) && m.outcome.CanSendToSome:
		return m.Sending(), []wish.Wish{wish.Resend{ID: m.outcome.ID, Partial: true}}
	case key.Matches(k, m.keys.Again) && m.outcome.State == "unknown":
		return m.Sending(), []wish.Wish{wish.Resend{ID: m.outcome.ID, Again: true}}
	case key.Matches(k, m.keys.POP3):
		return m, []wish.Wish{wish.Do{Action: retrieval.Action{Verb: retrieval.VerbRefresh, Side: retrieval.POP3}}}
	}
	return m, nil
}
