package compare

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval"
	"imapop/retrieval/compare"
	"imapop/retrieval/safe"
	"imapop/ui/style"
	"imapop/ui/wish"
)

// planPanel shows what a download will send, and what leaves the server. The
// commands that it shows are those that go out: others are refused.
type planPanel struct {
	action retrieval.Action
	plan   compare.Plan
	ask    bool // something leaves a real account: only y goes on
}

// planOf plans an action now.
func (m Model) planOf(a retrieval.Action) compare.Plan {
	if a.Verb == retrieval.VerbFetch {
		return m.rules.PlanFetch(m.full, m.now)
	}
	return m.rules.PlanDownload(m.full, a.Numbers, m.now)
}

func (p planPanel) title() string {
	if p.action.Verb == retrieval.VerbFetch {
		return "fetch all that is new, and delete what is due: the plan"
	}
	return "download the chosen messages: the plan"
}

func (p planPanel) heard(m Model) panel {
	p.plan = m.planOf(p.action)
	p.ask = p.plan.Removes && !m.view.Demo
	return p
}

func (p planPanel) hint() string {
	if p.ask {
		return "y yes, send these commands · n or esc no"
	}
	return "enter sends these commands · esc does not"
}

func (p planPanel) body(m *Model, w int) []string {
	t := &text{st: m.st, w: w}
	t.para("policy  ", m.st.Bold, "leave on server: "+policyWords(p.plan.Policy)+limitWords(m.view.Limit), 2)
	t.commands("RETR    ", m.st.Text, p.plan.Retr, "  ("+retrieval.Octets(p.plan.Octets)+"), each stored and synced before any DELE")
	if len(p.plan.Top) > 0 {
		t.commands("TOP n 0 ", m.st.Text, p.plan.Top, "  headers only: the messages stay on the server")
	}
	note := "  only a mark: QUIT deletes, RSET or a dropped cable does not"
	if p.plan.Due > 0 {
		note = fmt.Sprintf("  %d of them downloaded earlier and due now; a mark only, QUIT deletes", p.plan.Due)
	}
	t.commands("DELE    ", m.st.Warn, p.plan.Dele, note)
	t.commands("leaves  ", m.st.Danger, p.plan.Leaves, "  at QUIT (Q), for every device")
	if s := p.kept(m); s != "" {
		t.para("stays   ", m.st.Muted, s, 2)
	}
	if p.plan.Who != "" {
		t.para("notices ", m.st.Text, safe.Line(p.plan.Who), 2)
	}
	for i, why := range p.plan.Why {
		if i == 3 {
			t.line(style.Piece{Text: fmt.Sprintf("        and %d more", len(p.plan.Why)-3), Pen: m.st.Muted})
			break
		}
		t.para("kept    ", m.st.Muted, safe.Line(why), 1)
	}
	say := "enter: send these   esc: send nothing"
	if p.ask {
		say = "Send these? y / n"
	}
	t.line(style.Piece{Text: say, Pen: m.st.Bold})
	return t.out
}

// kept counts what needs no command now, and says when it will.
func (p planPanel) kept(m *Model) string {
	var parts []string
	if p.plan.Have > 0 {
		parts = append(parts, plural(p.plan.Have, "message")+" downloaded already")
	}
	if p.plan.Later > 0 {
		s := fmt.Sprintf("%d to be deleted later", p.plan.Later)
		if at := p.plan.Next; !at.IsZero() && !m.now.IsZero() {
			s += ", the first in " + compare.Ago(max(at.Sub(m.now), 0))
		}
		parts = append(parts, s)
	}
	if p.plan.Held > 0 {
		parts = append(parts, fmt.Sprintf("%d downloaded earlier under another policy (L)", p.plan.Held))
	}
	return strings.Join(parts, " · ")
}

// commands lists message numbers behind a command; none is a word, too.
func (t *text) commands(lead string, pen style.Pen, numbers []int, note string) {
	if len(numbers) == 0 {
		t.para(lead, t.st.Muted, "none", 1)
		return
	}
	t.para(lead, pen, numberList(numbers, 40)+note, 3)
}

func (p planPanel) key(m Model, k tea.KeyMsg) (Model, []wish.Wish) {
	switch {
	case key.Matches(k, yesKey), !p.ask && key.Matches(k, enterKey, m.keys.Download, m.keys.Fetch):
		m.panel = nil
		p.action.Planned = p.plan.Commands
		return m.begin(p.action)
	case key.Matches(k, noKey):
		m.panel = nil
		return m.say(plainly, "nothing was sent"), nil
	}
	return m, nil
}

// careful download: the plan comes first when something leaves the server, and
// always for a fetch, which nobody chose the messages of.
func (m Model) download(a retrieval.Action) (Model, []wish.Wish) {
	plan := m.planOf(a)
	switch {
	case plan.Err != nil:
		return m.failed(plan.Err), nil
	case len(plan.Commands) == 0 && a.Verb == retrieval.VerbFetch:
		return m.say(plainly, "nothing to fetch: %s", m.nothingNew(plan)), nil
	case len(plan.Commands) == 0:
		return m.say(plainly, "nothing to download: %s", m.nothingNew(plan)), nil
	case plan.Removes || a.Verb == retrieval.VerbFetch:
		m.panel = planPanel{action: a, plan: plan, ask: plan.Removes && !m.view.Demo}
		return m, nil
	}
	a.Planned = plan.Commands
	return m.begin(a)
}

// nothingNew says why a plan sends nothing.
func (m Model) nothingNew(p compare.Plan) string {
	switch {
	case p.Have > 0 && p.Later > 0:
		return fmt.Sprintf("%s here already, and %d to be deleted later by the policy", plural(p.Have, "message"), p.Later)
	case p.Have > 0 && m.view.Policy == "delete":
		return "it was downloaded already, and the policy of that download keeps it on the server; d marks it, L can change what was downloaded earlier"
	case p.Have > 0:
		return "what is listed was downloaded to this device already"
	case len(p.Why) > 0:
		return p.Why[0]
	}
	return "there is no message"
}
