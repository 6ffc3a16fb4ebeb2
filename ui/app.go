package ui

import (
	"context"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval"
	"imapop/ui/choose"
	"imapop/ui/compare"
	"imapop/ui/reader"
	"imapop/ui/style"
	"imapop/ui/transcript"
	"imapop/ui/wish"
)

// keptLines bounds the transcript lines that the screens hold.
const keptLines = 10_000

// app is the root model: which screen is on and of which device, size, messages
// in, commands out.
type app struct {
	device          // the one that is shown
	rest   []device // the account's others
	fresh  func(d Desk, at int) device

	ctx      context.Context
	now      func() time.Time
	screen   wish.Screen
	second   func(context.Context) (Desk, error) // opens another device; nil: there is one only
	setup    func(context.Context) (string, error)
	opening  bool
	files    Files
	judge    Judge
	dwell    time.Duration // how long a message is open over IMAP before \Seen is set; negative: never
	checking checking      // of the account: the same on every device
	teaching teaching
	choosing choose.Model
	writing  writing // likewise
}

// window is what was last asked to be loaded.
type window struct {
	version     uint64
	first, last int
}

func newApp(ctx context.Context, d Desk, st *style.Styles, rules compare.Rules, o Options) app {
	fresh := func(d Desk, at int) device {
		mail, _ := d.(Mail)
		return device{at: at, desk: d, mail: mail, compare: compare.New(st, rules).SetVersion(o.Version).SetSetup(o.Setup != nil), reader: reader.New(st), transcript: transcript.New(st)}
	}
	a := app{device: fresh(d, 0), fresh: fresh, ctx: ctx, now: o.Now, screen: o.Start, second: o.Second, setup: o.Setup, files: o.Files, judge: o.Judge, dwell: o.SeenAfter,
		checking: newChecking(st, o.Checker), teaching: newTeaching(st, o.Classroom), choosing: choose.New(st).SetSubmission(o.CanSend), writing: newWriting(st, o)}
	if o.Warning != "" {
		a.compare = a.compare.Warn(o.Warning)
	}
	return a
}

// Init arms the streams: views, transcript and the clock.
func (a app) Init() tea.Cmd {
	now := a.now
	return tea.Batch(a.streams(a.ctx), func() tea.Msg { return tickedMsg{now()} })
}

// Update gives a message to the device that it belongs to: keys to the one that
// is shown, what came of a command to the one that gave it. A message without a
// device is older than the second one, and the first one's.
func (a app) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	at := 0
	if of, ok := msg.(deviceMsg); ok {
		at, msg = of.at, of.msg
	}
	switch msg.(type) {
	case tea.KeyMsg, tea.MouseMsg, tea.WindowSizeMsg, tickedMsg, secondMsg, setupMsg:
		at = a.at
	}
	if at != a.at {
		return a.behind(at, msg)
	}
	m, cmd := a.handle(msg)
	if len(m.rest) > 0 {
		cmd = tag(m.at, cmd)
	}
	return m, cmd
}

// behind handles a message of a device that is not shown, and tells of it in a
// line on the one that is.
func (a app) behind(at int, msg tea.Msg) (tea.Model, tea.Cmd) {
	shown, news := a.at, ""
	if v, ok := msg.(viewedMsg); ok && v.view != nil {
		a = a.on(at)
		a.device, news = a.device.news(v.view)
		a = a.on(shown)
	}
	m, cmd := a.on(at).handle(msg)
	m = m.on(shown)
	m.writing.screen = m.writing.screen.SetView(m.compare.Current()) // of what is shown, not of what is behind
	if _, ok := msg.(viewedMsg); ok {
		m.choosing = a.choosing
		m.teaching = a.teaching // a lesson follows the device that is shown
	}
	if news != "" {
		m.compare = m.compare.Elsewhere(news)
	}
	return m, tag(at, cmd)
}

// handle routes a message and gathers the commands that follow from it.
func (a app) handle(msg tea.Msg) (app, tea.Cmd) {
	var cmd tea.Cmd
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		a = a.all(func(d device) device { return d.resized(msg.Width, msg.Height) })
		a.checking.screen = a.checking.screen.SetSize(msg.Width, msg.Height)
		a.teaching.screen = a.teaching.screen.SetSize(msg.Width, msg.Height)
		a.choosing = a.choosing.SetSize(msg.Width, msg.Height)
		a.writing.screen = a.writing.screen.SetSize(msg.Width, msg.Height)
	case secondMsg:
		return a.joined(msg)
	case tea.KeyMsg, tea.MouseMsg:
		a, cmd = a.input(msg)
	case viewedMsg:
		if msg.view == nil {
			return a, tea.Quit
		}
		a.compare = a.compare.SetView(msg.view)
		a.reader = a.reader.SetRunning(msg.view.Running)
		a.writing.screen = a.writing.screen.SetView(msg.view)
		a.device, _ = a.device.news(msg.view)
		a.teaching.screen, a.choosing = a.teaching.screen.SetView(msg.view), a.choosing.SetView(msg.view)
		cmd = viewCmd(a.ctx, a.desk.Updates())
	case linedMsg:
		a = a.lined(msg.lines)
		cmd = linesCmd(a.ctx, a.desk, a.seen, true)
	case tickedMsg:
		a = a.all(func(d device) device { return d.ticked(msg.now) })
		a.writing, cmd = a.writing.ticked(msg.now)
		a.teaching.screen = a.teaching.screen.SetNow(msg.now)
		cmd = tea.Batch(cmd, tickCmd(a.ctx, a.now), a.teaching.look())
	case endedMsg:
		a.compare = a.compare.Done(msg.action, msg.err)
		if msg.leave && msg.err == nil {
			return a.quit()
		}
	case fetchedMsg, loadedMsg, partedMsg, sourcedMsg, trustedMsg, proposedMsg, filedMsg, dwelledMsg:
		a, cmd = a.brought(msg)
	case foundMsg:
		a.compare = a.compare.Found(msg.gen, msg.found, msg.err)
	case arrangedMsg:
		a.compare = a.compare.Arranged(msg.gen, msg.arranged, msg.err)
	case switchedMsg:
		a = a.switched(msg)
	case setupMsg:
		return a.added(msg)
	case savedMsg:
		a.transcript = a.transcript.Saved(msg.path, msg.err)
	case lookedMsg:
		a.checking, cmd = a.checking.looked(msg)
	case begunMsg, didMsg, sceneMsg, lessonEndedMsg:
		a, cmd = a.taught(msg)
	case checkedMsg:
		a.checking = a.checking.checked(msg)
	default:
		if a, cmd = a.posted(msg); cmd == nil {
			return a, nil
		}
	}
	return a.wanting(cmd)
}

// posted takes in what came of writing and sending.
func (a app) posted(msg tea.Msg) (app, tea.Cmd) {
	if closed, ok := msg.(closedMsg); ok {
		if closed.said != "" || closed.err != nil {
			a.compare = a.compare.Say(closed.text())
			if a.screen == wish.Reader {
				a.reader = a.reader.Say(closed.text())
			}
		}
		return a, unsentCmd(a.writing.post) // the lists are others now
	}
	var ours bool
	if a.writing, ours = a.writing.brought(msg); !ours {
		return a, nil
	}
	if next, mark, ok := a.writing.screen.Answered(); ok {
		a.writing.screen = next
		return a, doCmd(a.ctx, a.desk, mark, false)
	}
	return a, nil
}

// input sends keys or the mouse to the screen that is open. Keys that were
// typed faster than they were read come as one message of several runes.
func (a app) input(msg tea.Msg) (app, tea.Cmd) {
	k, ok := msg.(tea.KeyMsg)
	if !ok || k.Type != tea.KeyRunes || len(k.Runes) < 2 || a.screen == wish.Compose {
		return a.one(msg)
	}
	var cmds []tea.Cmd
	for _, r := range k.Runes {
		var cmd tea.Cmd
		a, cmd = a.one(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}, Alt: k.Alt})
		cmds = append(cmds, cmd)
	}
	return a, tea.Batch(cmds...)
}

func (a app) one(msg tea.Msg) (app, tea.Cmd) {
	var wishes []wish.Wish
	switch a.screen {
	case wish.Compare:
		a.compare, wishes = a.compare.Update(msg)
	case wish.Reader:
		a.reader, wishes = a.reader.Update(msg)
	case wish.Transcript:
		a.transcript, wishes = a.transcript.Update(msg)
	case wish.Account:
		a.checking.screen, wishes = a.checking.screen.Update(msg)
	case wish.Lesson:
		a.teaching.screen, wishes = a.teaching.screen.Update(msg)
	case wish.Choose:
		a.choosing, wishes = a.choosing.Update(msg)
	case wish.Compose:
		a.writing.screen, wishes = a.writing.screen.Update(msg)
	}
	return a.granted(wishes)
}

func (a app) granted(wishes []wish.Wish) (app, tea.Cmd) {
	cmds := make([]tea.Cmd, 0, len(wishes))
	for _, w := range wishes {
		var cmd tea.Cmd
		a, cmd = a.grant(w)
		cmds = append(cmds, cmd)
	}
	return a, tea.Batch(cmds...)
}

// taught takes what came of a lesson's command, and grants what the lesson asks next.
func (a app) taught(msg tea.Msg) (app, tea.Cmd) {
	var wishes []wish.Wish
	a.teaching, wishes = a.teaching.heard(msg)
	return a.granted(wishes)
}

// desks are those of all devices.
func (a app) desks() []Desk {
	list := []Desk{a.desk}
	for _, d := range a.rest {
		list = append(list, d.desk)
	}
	return list
}

// grant turns a wish into a command, or into another screen.
func (a app) grant(w wish.Wish) (app, tea.Cmd) {
	switch w := w.(type) {
	case wish.Do:
		return a, doCmd(a.ctx, a.desk, w.Action, w.Leave)
	case wish.Cancel:
		return a, cancelCmd(a.desk)
	case wish.Search:
		return a.search(w)
	case wish.Arrange:
		return a.arrange(w)
	case wish.Read:
		return a.read(w.Action)
	case wish.Switches:
		return a, switchesCmd(a.desk)
	case wish.Flip:
		return a, flipCmd(a.desk, w.Name, w.Value)
	case wish.Save:
		return a, saveCmd(a.desk, w.Path)
	case wish.Open:
		if w.Screen == wish.Reader && !a.reader.Opened() {
			a.compare = a.compare.Say("no message was read yet: enter reads the one under the cursor")
			return a, nil
		}
		if a.screen == wish.Compose { // back to where it was opened
			a.screen = a.writing.from
			return a, nil
		}
		a.screen = w.Screen
		if w.Screen == wish.Account && a.checking.screen.Fresh() {
			return a.check()
		}
	case wish.BeginLesson, wish.PlayLesson, wish.PauseLesson, wish.EndLesson:
		var cmd tea.Cmd
		a.teaching, cmd = a.teaching.grant(a.ctx, a.desks(), w)
		return a, cmd
	case wish.Check:
		return a.check()
	case wish.StopCheck:
		a.checking.stop()
	case wish.Device:
		return a.otherDevice()
	case wish.Setup:
		return a, setupCmd(a.ctx, a.setup)
	case wish.Write:
		return a.write(w)
	case wish.Quit:
		return a.quit()
	default:
		if next, cmd, ours := a.writing.grant(a.ctx, a.originals(), w); ours {
			a.writing = next
			return a, cmd
		}
		return a.fetch(w)
	}
	return a, nil
}

// originals are the messages of the device that is shown; nil: none can be fetched.
func (a app) originals() Originals {
	from, _ := a.desk.(Originals)
	return from
}

// write opens the compose screen.
func (a app) write(w wish.Write) (app, tea.Cmd) {
	if a.writing.post == nil {
		a.compare = a.compare.Say(a.writing.why.Error())
		return a, nil
	}
	var cmd tea.Cmd
	a.screen, a.writing.from = wish.Compose, a.screen
	a.writing, cmd = a.writing.open(w.Action, w.About)
	return a, cmd
}

// check begins to look at the account's servers.
func (a app) check() (app, tea.Cmd) {
	var cmd tea.Cmd
	a.checking, cmd = a.checking.begin(a.ctx, a.compare.Current(), a.lines)
	return a, cmd
}

// lined adds transcript lines. The slice that screens hold is never changed.
func (a app) lined(lines []retrieval.Line) app {
	if len(lines) == 0 {
		return a
	}
	a.seen = lines[len(lines)-1].Seq
	if len(a.lines)+len(lines) > 2*keptLines {
		a.lines = append([]retrieval.Line(nil), a.lines[max(len(a.lines)+len(lines)-keptLines, 0):]...)
	}
	a.lines = append(a.lines, lines...)
	a.compare = a.compare.SetLines(a.lines)
	a.transcript = a.transcript.SetLines(a.lines)
	return a
}

func (a app) switched(msg switchedMsg) app {
	a.compare = a.compare.SetSwitches(msg.all)
	if msg.err != nil {
		a.compare = a.compare.Say(msg.err.Error())
	}
	return a
}

// wanting asks for what the screen shows, when that is not what was asked last.
func (a app) wanting(cmd tea.Cmd) (app, tea.Cmd) {
	v := a.compare.Current()
	first, last := a.compare.Visible()
	w := window{v.Version, first, last}
	if w == a.wanted || last <= first {
		return a, cmd
	}
	a.wanted = w
	return a, tea.Batch(cmd, wantCmd(a.desk, v.Rows[first:last]))
}

// View draws the screen that is open.
func (a app) View() string {
	switch a.screen {
	case wish.Reader:
		return a.reader.View()
	case wish.Transcript:
		return a.transcript.View()
	case wish.Account:
		return a.checking.screen.View()
	case wish.Lesson:
		return a.teaching.screen.View()
	case wish.Choose:
		return a.choosing.View()
	case wish.Compose:
		return a.writing.screen.View()
	}
	return a.compare.View()
}
