package ui

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval"
	"imapop/retrieval/safe"
	"imapop/ui/compare"
	"imapop/ui/reader"
	"imapop/ui/transcript"
	"imapop/ui/wish"
)

// device is one of the account's devices: its desk, with a local copy and two
// sessions of its own, and what the screens show of it.
type device struct {
	at   int // 0: the first
	desk Desk
	mail Mail // of the desk

	compare    compare.Model
	reader     reader.Model
	transcript transcript.Model

	lines   []retrieval.Line // only ever appended to, or replaced
	seen    uint64           // Seq of the last line
	heard   uint64           // Seq of the last happening
	reading int              // generation of the reader: an older fetch is dropped
	wanted  window
	asked   bool // leaving was asked of it: its marks are known
}

// name is how a person is told of it.
func (d device) name() string { return fmt.Sprintf("device %d", d.at+1) }

func (d device) resized(w, h int) device {
	d.compare = d.compare.SetSize(w, h)
	d.reader = d.reader.SetSize(w, h)
	d.transcript = d.transcript.SetSize(w, h)
	return d
}

func (d device) ticked(now time.Time) device {
	d.compare, d.transcript = d.compare.SetNow(now), d.transcript.SetNow(now)
	return d
}

// counted says how many devices there are.
func (d device) counted(of int) device {
	d.compare, d.transcript = d.compare.SetDevice(d.at+1, of), d.transcript.SetDevice(d.at+1, of)
	return d
}

// streams arms what a desk tells by itself.
func (d device) streams(ctx context.Context) tea.Cmd {
	return tea.Batch(viewCmd(ctx, d.desk.Updates()), linesCmd(ctx, d.desk, 0, false))
}

// deviceMsg is a message that came of a device's command.
type deviceMsg struct {
	at  int
	msg tea.Msg
}

// secondMsg brings another device; err says why there is none.
type secondMsg struct {
	desk Desk
	err  error
}

func secondCmd(ctx context.Context, open func(context.Context) (Desk, error)) tea.Cmd {
	return func() tea.Msg {
		d, err := open(ctx)
		return secondMsg{d, err}
	}
}

// tag makes a command's messages those of a device. What is not this program's
// own is for Bubble Tea, which knows no devices.
func tag(at int, cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() tea.Msg {
		msg := cmd()
		if batch, ok := msg.(tea.BatchMsg); ok {
			out := make(tea.BatchMsg, len(batch))
			for i := range batch {
				out[i] = tag(at, batch[i])
			}
			return out
		}
		if msg != nil && strings.HasPrefix(reflect.TypeOf(msg).PkgPath(), "imapop/") {
			return deviceMsg{at, msg}
		}
		return msg
	}
}

// on puts a device in front.
func (a app) on(at int) app {
	for i := range a.rest {
		if a.rest[i].at == at {
			a.rest = slices.Clone(a.rest)
			a.device, a.rest[i] = a.rest[i], a.device
			break
		}
	}
	return a
}

// all changes every device.
func (a app) all(change func(device) device) app {
	a.device = change(a.device)
	a.rest = slices.Clone(a.rest)
	for i := range a.rest {
		a.rest[i] = change(a.rest[i])
	}
	return a
}

// otherDevice shows the next device, and opens one when there is none yet.
func (a app) otherDevice() (app, tea.Cmd) {
	switch {
	case len(a.rest) > 0:
		return a.on(a.rest[0].at), nil
	case a.second == nil:
		a.compare = a.compare.Say("there is one device here: another one cannot be opened")
	case a.opening:
		a.compare = a.compare.Say("the other device is being opened")
	default:
		a.opening = true
		a.compare = a.compare.Say("opening a second device: a local copy, a POP3 session and an IMAP session of its own")
		return a, secondCmd(a.ctx, a.second)
	}
	return a, nil
}

// joined takes in another device and shows it.
func (a app) joined(msg secondMsg) (app, tea.Cmd) {
	a.opening = false
	if msg.err != nil {
		a.compare = a.compare.Say("the second device cannot be opened: " + safe.Line(msg.err.Error()))
		return a, nil
	}
	a.compare = a.compare.Say("") // that it is being opened
	d := a.fresh(msg.desk, len(a.rest)+1).resized(a.compare.Size())
	a.rest = append(slices.Clone(a.rest), d)
	a = a.all(func(d device) device { return d.counted(len(a.rest) + 1) }).on(d.at)
	return a, d.streams(a.ctx)
}

// news is the latest thing that happened on a device since it was last heard,
// in a line; "" for nothing that the other device's person should hear of.
func (d device) news(v *retrieval.View) (device, string) {
	text := ""
	for _, h := range v.Happened {
		if h.Seq > d.heard && d.heard > 0 && telling[h.Kind] {
			text = d.name() + ": " + h.Text
		}
	}
	if n := len(v.Happened); n > 0 {
		d.heard = v.Happened[n-1].Seq
	}
	return d, text
}

// telling are the kinds of happenings that one device is told of another.
var telling = map[retrieval.Kind]bool{
	retrieval.Exists: true, retrieval.Expunged: true, retrieval.FlagsChanged: true, retrieval.Updated: true, retrieval.Marked: true,
	retrieval.Retrieved: true, retrieval.Listed: true, retrieval.Closed: true, retrieval.Failed: true, retrieval.Refused: true, retrieval.Alert: true,
}

// quit leaves, unless another device has marks that nobody was asked about yet.
func (a app) quit() (app, tea.Cmd) {
	a.asked = true
	for _, d := range a.rest {
		if !d.asked && d.compare.Marked() {
			a = a.on(d.at)
			a.asked, a.compare, a.screen = true, a.compare.AskLeave(), wish.Compare
			return a, nil
		}
	}
	return a, tea.Quit
}
