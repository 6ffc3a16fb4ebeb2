package compare

import (
	"fmt"
	"strings"

	"imapop/ui/style"
)

// View draws the screen: exactly Height lines of Width cells, or nothing before
// the first size.
func (m Model) View() string {
	l := m.lay
	if l.Width == 0 || l.Height == 0 {
		return ""
	}
	if l.TooSmall {
		return m.tooSmall()
	}
	out := make([]string, 0, l.Height)
	out = append(out, m.header())
	if l.Panes > 0 {
		out = append(out, m.panes()...)
	}
	if m.panel != nil {
		out = append(out, m.panelBox()...)
	} else {
		out = append(out, m.messageBox()...)
		out = append(out, m.wireBox()...)
	}
	out = m.helpLines(out)
	out = append(out, m.strip())
	return strings.Join(out, "\n")
}

func (m Model) tooSmall() string {
	l := m.lay
	say := fmt.Sprintf("imapop needs %dx%d; this is %dx%d", MinWidth, MinHeight, l.Width, l.Height)
	lines := style.Wrap(say, l.Width, l.Height)
	return strings.Join(lines, "\n")
}

// headerTells is from which width on the first line has room to name the key
// that adds an account; below it the line of keys does.
const headerTells = 100

// header names the account and the screens.
func (m Model) header() string {
	st := m.st
	l := style.NewLine(m.lay.Width)
	l.Put(st.Bold, " imapop").Gap(st.Text, 2)
	l.Put(st.Text, m.view.Account)
	if m.devices > 1 {
		l.Gap(st.Text, 2).Put(st.Changed, fmt.Sprintf("device %d/%d", m.device, m.devices))
	}
	kinds, pen := m.kinds()
	least := 1 // what the account is must be seen before the names of all screens are
	if len(kinds) > 0 {
		least = style.Width(kinds[len(kinds)-1]) + 2
	}
	screens := "1 Compare  2 Read  3 Wire  4 Lessons  5 Account   ? help "
	for _, shorter := range []string{"1 Compare 2 Read 3 Wire 4 Lessons 5 Account  ? help ", "1 Compare  4 Lessons  5 Account  ? help ", "1 Compare  4 Lessons  ? help "} {
		if style.Width(screens)+least > l.Left() {
			screens = shorter
		}
	}
	for _, kind := range kinds {
		if style.Width(kind)+style.Width(screens)+2 <= l.Left() {
			l.Put(pen, kind)
			break
		}
	}
	if style.Width(screens) < l.Left() {
		l.Fill(st.Text, " ", style.Width(screens))
		l.Put(st.Chip, screens[:9]).Put(st.Muted, screens[9:])
	}
	return l.End(st.Text)
}

// kinds says what the account is, the longest text first; on the demo account
// also how to get to one's own.
func (m Model) kinds() ([]string, style.Pen) {
	switch {
	case m.view.Account == "":
		return nil, m.st.Muted
	case !m.view.Demo:
		return []string{"   real account", "   real"}, m.st.Warn
	case m.setup && m.lay.Width < headerTells:
		return []string{"   demo account, in memory", "   demo"}, m.st.Muted
	case m.setup:
		return []string{"   demo account, in memory · A adds your own", "   demo account · A adds yours", "   demo · A adds yours", "   demo"}, m.st.Muted
	}
	return []string{"   demo account, in memory", "   demo"}, m.st.Muted
}

// helpLines appends the line above the strip: progress, a notice, or the keys.
// A notice of several lines covers the last lines above.
func (m Model) helpLines(out []string) []string {
	if m.view.Running != nil && m.downloading() == nil {
		return append(out, m.progressLine())
	}
	if m.notice.text == "" && m.elsewhere != "" && m.panel == nil && !m.predict {
		return append(out, m.elsewhereLine())
	}
	if m.notice.text == "" {
		return append(out, m.keysLine())
	}
	lines := m.noticeLines()
	out = out[:len(out)-len(lines)+1]
	return append(out, lines...)
}

// elsewhereLine tells what happened on another device.
func (m Model) elsewhereLine() string {
	l := style.NewLine(m.lay.Width).Gap(m.st.Text, 1).Put(m.st.Changed, "↔ ")
	hint := "  t shows it"
	l.Cell(m.st.Text, m.elsewhere, min(style.Width(m.elsewhere), l.Left()-len(hint))).Put(m.st.Muted, hint)
	return l.End(m.st.Text)
}

// keysLine shows the keys that fit, the most useful ones first.
func (m Model) keysLine() string {
	st := m.st
	l := style.NewLine(m.lay.Width)
	l.Gap(st.Text, 1)
	if m.predict && m.panel == nil {
		l.Put(st.Changed, "predict: ").Put(st.Text, "now press the key of an action; esc gives up")
		return l.End(st.Text)
	}
	if m.panel != nil {
		l.Put(st.Muted, m.panel.hint())
		return l.End(st.Text)
	}
	return m.st.Help(m.lay.Width, m.keys.short(m.side, m.tree, m.view.Demo, m.setup && m.view.Demo && m.lay.Width < headerTells))
}
