package reader

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval"
	"imapop/ui/wish"
)

// Update takes a key or the mouse.
func (m Model) Update(msg tea.Msg) (Model, []wish.Wish) {
	switch msg := msg.(type) {
	case tea.KeyMsg:
		return m.press(msg)
	case tea.MouseMsg:
		switch msg.Button {
		case tea.MouseButtonWheelUp:
			m.text.ScrollUp(3)
		case tea.MouseButtonWheelDown:
			m.text.ScrollDown(3)
		}
	}
	return m, nil
}

func (m Model) press(k tea.KeyMsg) (Model, []wish.Wish) {
	m.notice = notice{}
	if m.ask.open() {
		return m.answer(k)
	}
	if key.Matches(k, m.keys.Back) {
		return m.back()
	}
	if m.message == nil {
		return m.elsewhere(k)
	}
	switch m.at {
	case inLinks:
		if key.Matches(k, m.keys.Open, m.keys.Enter) {
			return m.askLink(), nil
		}
	case inFiles:
		switch {
		case key.Matches(k, m.keys.Save, m.keys.Enter):
			return m.save()
		case key.Matches(k, m.keys.Open):
			return m.askOpen(), nil
		}
	}
	if m.lists() {
		if n, moved := m.moved(k); moved {
			return n, nil
		}
	}
	return m.scroll(k)
}

// lists reports whether the middle is a list with a cursor.
func (m Model) lists() bool { return m.at == inLinks || m.at == inFiles }

func (m Model) items() int {
	if m.at == inLinks {
		return len(m.doc.Links)
	}
	return len(m.doc.Attachments)
}

// moved moves the cursor of a list.
func (m Model) moved(k tea.KeyMsg) (Model, bool) {
	to := m.cursor
	switch {
	case key.Matches(k, m.keys.Up):
		to--
	case key.Matches(k, m.keys.Down):
		to++
	case key.Matches(k, m.keys.PageUp):
		to -= m.text.Height
	case key.Matches(k, m.keys.PageDown):
		to += m.text.Height
	case key.Matches(k, m.keys.First):
		to = 0
	case key.Matches(k, m.keys.Last):
		to = m.items()
	default:
		return m, false
	}
	m.cursor = max(min(to, m.items()-1), 0)
	return m.drawn(), true
}

// scroll moves the text.
func (m Model) scroll(k tea.KeyMsg) (Model, []wish.Wish) {
	switch {
	case key.Matches(k, m.keys.Up):
		m.text.ScrollUp(1)
	case key.Matches(k, m.keys.Down, m.keys.Enter):
		m.text.ScrollDown(1)
	case key.Matches(k, m.keys.PageUp):
		m.text.PageUp()
	case key.Matches(k, m.keys.PageDown):
		m.text.PageDown()
	case key.Matches(k, m.keys.First):
		m.text.GotoTop()
	case key.Matches(k, m.keys.Last):
		m.text.GotoBottom()
	default:
		return m.look(k)
	}
	return m, nil
}

// look changes how the message is shown.
func (m Model) look(k tea.KeyMsg) (Model, []wish.Wish) {
	switch {
	case key.Matches(k, m.keys.HTML):
		if !m.doc.Both {
			return m.say(false, "this message has its text in one form only"), nil
		}
		m.html = !m.html
		m.doc = m.message.Document(m.html)
		return m.show(inText).need()
	case key.Matches(k, m.keys.Write):
		return m, []wish.Wish{wish.Write{Action: m.action, About: m.message.Header.Text("From") + ": " + m.message.Header.Text("Subject")}}
	case key.Matches(k, m.keys.Trust):
		if m.at == inTrust || m.trust != nil {
			return m.toggle(inTrust), nil
		}
		m = m.show(inTrust)
		m.loading = true
		return m.drawn(), []wish.Wish{wish.Trust{}}
	case key.Matches(k, m.keys.Fold):
		m.whole = !m.whole
		return m.drawn(), nil
	case key.Matches(k, m.keys.Raw):
		return m.raw()
	case key.Matches(k, m.keys.Structure):
		return m.toggle(inTree), nil
	case key.Matches(k, m.keys.Links):
		if len(m.doc.Links) == 0 {
			return m.say(false, "there is no link in what is shown"), nil
		}
		return m.toggle(inLinks), nil
	case key.Matches(k, m.keys.Attachments, m.keys.Save, m.keys.Open):
		if len(m.doc.Attachments) == 0 {
			return m.say(false, "nothing is attached to this message"), nil
		}
		return m.toggle(inFiles), nil
	}
	return m.elsewhere(k)
}

// elsewhere handles the keys that leave the message, or that need none.
func (m Model) elsewhere(k tea.KeyMsg) (Model, []wish.Wish) {
	var w wish.Wish
	switch {
	case key.Matches(k, m.keys.Next):
		w = wish.Step{By: 1}
	case key.Matches(k, m.keys.Previous):
		w = wish.Step{By: -1}
	case key.Matches(k, m.keys.Other):
		w = wish.Other{}
	case key.Matches(k, m.keys.Help):
		return m.toggle(inHelp), nil
	default:
		return m, nil
	}
	if m.loading {
		return m, []wish.Wish{wish.Cancel{}, w}
	}
	return m, []wish.Wish{w}
}

// back stops what runs, leaves a list, or leaves the screen.
func (m Model) back() (Model, []wish.Wish) {
	switch {
	case m.loading && m.message != nil:
		return m, []wish.Wish{wish.Cancel{}}
	case m.at != inText && m.message != nil:
		return m.show(inText).drawn(), nil
	case m.loading:
		return m, []wish.Wish{wish.Open{Screen: wish.Compare}, wish.Cancel{}}
	}
	return m, []wish.Wish{wish.Open{Screen: wish.Compare}}
}

// raw shows the message as it came. Over IMAP its beginning is fetched for that.
func (m Model) raw() (Model, []wish.Wish) {
	if m.at == inSource {
		return m.toggle(inSource), nil
	}
	m = m.show(inSource)
	if m.source == nil && m.action.Side == retrieval.IMAP {
		m.loading = true
		return m.drawn(), []wish.Wish{wish.Source{Octets: m.message.Octets}}
	}
	return m.drawn(), nil
}

func (m Model) toggle(p place) Model {
	if m.at == p {
		p = inText
	}
	return m.show(p).drawn()
}

func (m Model) show(p place) Model {
	m.at, m.cursor = p, 0
	m.text.GotoTop()
	return m
}
