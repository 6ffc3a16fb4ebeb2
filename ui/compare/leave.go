package compare

import (
	"fmt"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"imapop/account"
	"imapop/retrieval"
	"imapop/retrieval/safe"
	"imapop/ui/style"
	"imapop/ui/wish"
)

// leaveChooser chooses what happens on the server to what is downloaded from now
// on, and how much is downloaded by itself.
type leaveChooser struct {
	at      int
	days    int
	predict bool
}

// The lines of the chooser; those before chooseSize are policies.
const (
	chooseKeep = iota
	chooseDelete
	chooseDays
	chooseRemoved
	chooseSize
	choices
)

// limits are the limits that enter goes through.
var limits = []int64{0, 100_000, 1_000_000, 10_000_000, retrieval.HeadersOnly}

func newLeaveChooser(m Model) leaveChooser {
	now, _ := account.ParseLeaveOnServer(m.view.Policy)
	p := leaveChooser{days: 7, predict: m.predict}
	switch now.Mode {
	case account.LeaveDelete:
		p.at = chooseDelete
	case account.LeaveDays:
		p.at, p.days = chooseDays, now.Days()
	case account.LeaveRemoved:
		p.at = chooseRemoved
	}
	return p
}

// policy is the policy of a line.
func (p leaveChooser) policy(line int) account.LeaveOnServer {
	switch line {
	case chooseDelete:
		return account.LeaveOnServer{Mode: account.LeaveDelete}
	case chooseDays:
		return account.LeaveOnServer{Mode: account.LeaveDays, After: time.Duration(p.days) * 24 * time.Hour}
	case chooseRemoved:
		return account.LeaveOnServer{Mode: account.LeaveRemoved}
	}
	return account.LeaveOnServer{}
}

func (leaveChooser) title() string { return "leave on server: what POP3 does there after a download" }
func (leaveChooser) hint() string {
	return "j k choose · h l fewer, more days · enter takes it, from now on · esc back"
}
func (p leaveChooser) heard(Model) panel { return p }

func (p leaveChooser) body(m *Model, w int) []string {
	t := &text{st: m.st, w: w}
	lines := p.lines(m)
	for i, c := range lines {
		mark := "  "
		if i < chooseSize && p.policy(i).String() == policyName(m.view.Policy) {
			mark = "● "
		}
		t.choice(i == p.at, style.Fit(mark+c[0], min(38, w-2)), " "+c[1])
	}
	t.para("", m.st.Text, lines[p.at][2], 2)
	t.para("", m.st.Muted, "From now on and until imapop ends; config.toml makes it last. No server knows of it.", 2)
	return t.out
}

// lines are the choices: name, what it is in a few words, and in a sentence.
func (p leaveChooser) lines(m *Model) [choices][3]string {
	return [choices][3]string{
		chooseKeep:    {"keep", "leave on server ON", "The server keeps every message; nothing is deleted over POP3."},
		chooseDelete:  {"delete after the download", "leave on server OFF", "DELE follows once the copy is safe on this device's disk; the server deletes at QUIT."},
		chooseDays:    {fmt.Sprintf("delete %s after the download", plural(p.days, "day")), "h and l change the days", "Counted from the download, not from the Date header. What is due is shown, and waits for F and your yes."},
		chooseRemoved: {"delete there when deleted here", "X deletes here", "Once the copy on this device is removed, by X or by another mail program, F shows its DELE."},
		chooseSize:    {"download by itself: " + limitName(m.view.Limit), "enter: another", "What is larger stays on the server and F only asks for its header; D downloads it when you want it."},
	}
}

func (p leaveChooser) key(m Model, k tea.KeyMsg) (Model, []wish.Wish) {
	switch {
	case key.Matches(k, m.keys.Up):
		p.at = max(p.at-1, 0)
	case key.Matches(k, m.keys.Down):
		p.at = min(p.at+1, choices-1)
	case key.Matches(k, fewerKey):
		p.at, p.days = chooseDays, max(p.days-1, 1)
	case key.Matches(k, moreKey):
		p.at, p.days = chooseDays, min(p.days+1, 3650)
	case key.Matches(k, enterKey, m.keys.Select):
		return p.take(m)
	case key.Matches(k, closeKey, m.keys.Leave):
		m.panel = nil
		return m, nil
	}
	m.panel = p
	return m, nil
}

var (
	fewerKey = key.NewBinding(key.WithKeys("h", "left", "-"))
	moreKey  = key.NewBinding(key.WithKeys("l", "right", "+"))
)

// take takes the chosen line. What it would also do to earlier downloads is
// asked first: they are left alone unless that is chosen, too.
func (p leaveChooser) take(m Model) (Model, []wish.Wish) {
	if p.at == chooseSize {
		m.panel = p
		return m.begin(retrieval.Action{Verb: retrieval.VerbLimit, Side: retrieval.POP3, Octets: nextSize(m.view.Limit)})
	}
	leave := p.policy(p.at)
	a := retrieval.Action{Verb: retrieval.VerbPolicy, Side: retrieval.POP3, Policy: leave.String()}
	if now, later := m.rules.Earlier(m.view, leave, m.now); now+later > 0 && leave.Mode != account.LeaveKeep {
		m.panel = earlierPanel{action: a, leave: leave, due: now, later: later, predict: p.predict}
		return m, nil
	}
	m.panel, m.predict = nil, p.predict
	return m.submit(a)
}

func nextSize(now int64) int64 {
	for i, n := range limits {
		if n == now {
			return limits[(i+1)%len(limits)]
		}
	}
	return 0
}

// earlierPanel asks whether a policy is to hold for what was downloaded before,
// too. From now on is the default: the other removes mail that nobody spoke of.
type earlierPanel struct {
	action     retrieval.Action
	leave      account.LeaveOnServer
	due, later int
	also       bool
	predict    bool
}

func (p earlierPanel) title() string { return "and what was downloaded earlier?" }
func (p earlierPanel) hint() string  { return "j k choose · enter takes it · esc changes nothing" }
func (p earlierPanel) heard(m Model) panel {
	p.due, p.later = m.rules.Earlier(m.view, p.leave, m.now)
	return p
}

func (p earlierPanel) body(m *Model, w int) []string {
	t := &text{st: m.st, w: w}
	n := p.due + p.later
	t.para("", m.st.Text, fmt.Sprintf("This device downloaded %s earlier that the server still has. Leave on server is now: %s.", plural(n, "message"), policyWords(p.leave.String())), 2)
	t.choice(!p.also, "from now on", " (they keep the policy of their own download)")
	t.choice(p.also, fmt.Sprintf("also those %d", n), "")
	what := "Nothing changes for them."
	if p.also {
		what = p.effect()
	}
	t.para("", m.st.Bold, what, 2)
	t.para("", m.st.Muted, "Nothing is sent now: F shows every command, and asks.", 1)
	return t.out
}

// effect is what "also those" brings.
func (p earlierPanel) effect() string {
	switch {
	case p.later == 0:
		return fmt.Sprintf("%s would leave the server at the next F and QUIT, for every device", plural(p.due, "message"))
	case p.due == 0:
		return fmt.Sprintf("%s would leave the server later, %d days after the download", plural(p.later, "message"), p.leave.Days())
	}
	return fmt.Sprintf("%d would leave at the next F and QUIT, %d later, for every device", p.due, p.later)
}

func (p earlierPanel) key(m Model, k tea.KeyMsg) (Model, []wish.Wish) {
	switch {
	case key.Matches(k, m.keys.Up):
		p.also = false
	case key.Matches(k, m.keys.Down):
		p.also = true
	case key.Matches(k, enterKey):
		p.action.Earlier = p.also
		m.panel, m.predict = nil, p.predict
		return m.submit(p.action)
	case key.Matches(k, closeKey):
		m.panel = nil
		return m.say(plainly, "nothing was changed"), nil
	}
	m.panel = p
	return m, nil
}

// policyName is a policy as it is compared; "" is keep.
func policyName(s string) string {
	if s == "" {
		return "keep"
	}
	return s
}

// policyWords says a policy in words.
func policyWords(s string) string {
	p, err := account.ParseLeaveOnServer(s)
	switch {
	case err != nil:
		return safe.Line(s)
	case p.Mode == account.LeaveDelete:
		return "OFF, delete after the download"
	case p.Mode == account.LeaveDays:
		return fmt.Sprintf("ON for %s, counted from the download", plural(p.Days(), "day"))
	case p.Mode == account.LeaveRemoved:
		return "ON until the copy here is removed"
	}
	return "ON, keep"
}

// limitName is what is downloaded by itself.
func limitName(limit int64) string {
	switch {
	case limit == retrieval.HeadersOnly:
		return "headers only"
	case limit > 0:
		return "up to " + retrieval.Octets(limit)
	}
	return "any size"
}

// limitWords is the limit behind a policy; "" for none.
func limitWords(limit int64) string {
	if limit == 0 {
		return ""
	}
	return " · by itself: " + limitName(limit)
}
