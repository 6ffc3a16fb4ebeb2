package lesson

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	page "imapop/retrieval/lesson"
	"imapop/ui/wish"
)

// Update takes a key or the mouse.
func (m Model) Update(msg tea.Msg) (Model, []Wish) {
	k, ok := msg.(tea.KeyMsg)
	if !ok {
		return m, nil
	}
	switch m.phase {
	case listing:
		return m.choose(k)
	case agreeing:
		return m.agree(k)
	case playing:
		return m.play(k)
	}
	if key.Matches(k, m.keys.Leave) { // while the stage is set, or cleared
		m.phase, m.target, m.running = leaving, -1, false
		return m, []Wish{end()}
	}
	if key.Matches(k, m.keys.Free) && m.phase == leaving {
		return m, []Wish{wish.Open{Screen: wish.Compare}}
	}
	return m, nil
}

// choose handles the list.
func (m Model) choose(k tea.KeyMsg) (Model, []Wish) {
	m.say = ""
	switch {
	case key.Matches(k, m.keys.Leave, m.keys.Free):
		return m, []Wish{wish.Open{Screen: wish.Compare}}
	case key.Matches(k, m.keys.Wire):
		return m, []Wish{wish.Open{Screen: wish.Transcript}}
	case key.Matches(k, m.keys.Account):
		return m, []Wish{wish.Open{Screen: wish.Account}}
	case key.Matches(k, m.keys.Choose):
		return m, []Wish{wish.Open{Screen: wish.Choose}}
	case key.Matches(k, m.keys.Up):
		m.cursor = max(m.cursor-1, 0)
	case key.Matches(k, m.keys.Down):
		m.cursor = min(m.cursor+1, max(len(m.lessons)-1, 0))
	case key.Matches(k, m.keys.Go) && len(m.lessons) > 0:
		m.number, m.answers = m.cursor, map[int]int{}
		m.step, m.outcomes, m.notes, m.picture = 0, nil, false, false
		if !m.demo || m.pending > 0 {
			m.phase = agreeing
			return m, nil
		}
		return m.set(-1)
	}
	return m, nil
}

// agree handles the question before a lesson on somebody's own account.
func (m Model) agree(k tea.KeyMsg) (Model, []Wish) {
	switch k.String() {
	case "y", "Y":
		return m.set(-1)
	}
	m.phase = listing
	return m, nil
}

// set asks for the stage; everything before the target step is then replayed.
func (m Model) set(target int) (Model, []Wish) {
	m.phase, m.target, m.running, m.paused, m.next = setting, target, false, false, 0
	m.say, m.top = "", 0
	if target < 0 {
		m.step, m.began = 0, m.now
	}
	return m, []Wish{begin(m.number)}
}

func (m Model) play(k tea.KeyMsg) (Model, []Wish) {
	switch {
	case key.Matches(k, m.keys.Leave):
		m.phase, m.running, m.target = leaving, false, -1
		return m, []Wish{end()}
	case key.Matches(k, m.keys.Free):
		m.paused, m.running, m.target = true, false, -1
		return m, []Wish{wish.PauseLesson{}, wish.Open{Screen: wish.Compare}}
	case key.Matches(k, m.keys.Notes):
		m.notes, m.top = !m.notes, 0
		return m, nil
	case key.Matches(k, m.keys.Picture) && m.asked() == nil:
		m.picture = !m.picture
		return m, nil
	case key.Matches(k, m.keys.PageDown):
		m.top = min(m.top+3, m.lastTop())
		return m, nil
	case key.Matches(k, m.keys.PageUp):
		m.top = max(m.top-3, 0)
		return m, nil
	}
	if m.paused {
		if key.Matches(k, m.keys.Go) {
			return m.set(m.step)
		}
		return m, nil
	}
	if m.running || m.target >= 0 {
		return m, nil
	}
	return m.goOn(k)
}

// goOn handles the keys that move the lesson.
func (m Model) goOn(k tea.KeyMsg) (Model, []Wish) {
	ask := m.asked()
	switch {
	case ask != nil && key.Matches(k, m.keys.Choice):
		return m.answer(ask, int(k.String()[0]-'a'))
	case ask != nil:
		return m.backward(k)
	case key.Matches(k, m.keys.Go):
		if m.over() {
			m.phase = leaving
			return m, []Wish{end()}
		}
		if m.statement() == nil {
			m.step, m.next, m.top, m.notes = m.step+1, 0, 0, false
			return m, nil
		}
		return m.onward()
	}
	return m.backward(k)
}

func (m Model) backward(k tea.KeyMsg) (Model, []Wish) {
	switch {
	case key.Matches(k, m.keys.Back) && m.step > 0:
		m.step--
		return m.set(m.step)
	case key.Matches(k, m.keys.Again):
		return m.set(m.step)
	}
	return m, nil
}

// answer takes a prediction and goes on to what decides it.
func (m Model) answer(ask *page.Statement, choice int) (Model, []Wish) {
	if choice < 0 || choice >= len(ask.Choices) {
		return m, nil
	}
	answers := make(map[int]int, len(m.answers)+1)
	for line, at := range m.answers {
		answers[line] = at
	}
	answers[ask.Line] = choice
	m.answers = answers
	return m.onward()
}
