package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"imapop/retrieval"
	"imapop/retrieval/fetch"
	"imapop/retrieval/safe"
)

// How often progress is told: on a terminal, and as lines in a log.
const (
	redrawEvery = 100 * time.Millisecond
	lineEvery   = 10 * time.Second
)

// fetchOutput is what `imapop fetch` says while it runs and at its end.
type fetchOutput struct {
	out, err io.Writer
	f        fetchFlags
	terminal bool
	width    int
	start    time.Time
	told     time.Time
	drawn    bool // the bar is on the screen
}

func newFetchOutput(o *options, f fetchFlags) *fetchOutput {
	return &fetchOutput{out: o.streams.Out, err: o.streams.Err, f: f, terminal: isTerminal(o.streams.Out), width: o.width()}
}

// chatty reports whether text goes to the standard output.
func (w *fetchOutput) chatty() bool { return !w.f.json && !w.f.quiet }

func (w *fetchOutput) say(format string, args ...any) {
	if w.chatty() {
		w.clear()
		fmt.Fprintf(w.out, format+"\n", args...)
	}
}

// warn tells of what did not go as it should and is not the end.
func (w *fetchOutput) warn(account, text string) {
	w.clear()
	fmt.Fprintf(w.err, "imapop: %s: %s\n", account, safe.Line(text))
}

// begin says what is about to be done.
func (w *fetchOutput) begin(r *fetchRun) {
	w.start = time.Now()
	w.told = w.start
	p := r.report.Plan
	if n := len(p.Retrieve()); n > 0 {
		w.say("%s: %s on the server, %d here; downloading %s, %s", r.account.Name, messages(p.Listed), p.Have, messages(n), retrieval.Octets(p.Octets))
	}
}

// progress draws the bar, or now and then a line.
func (w *fetchOutput) progress(p fetch.Progress) {
	if !w.chatty() {
		return
	}
	now := time.Now()
	every := lineEvery
	if w.terminal {
		every = redrawEvery
	}
	if now.Sub(w.told) < every {
		return
	}
	w.told = now
	if w.terminal {
		w.drawn = true
		fmt.Fprint(w.out, "\r"+bar(p, now.Sub(w.start), w.width)+"\x1b[K")
		return
	}
	fmt.Fprintf(w.out, "%d of %d messages, %s of %s; %d are safe on disk\n", p.Messages, p.Of, retrieval.Octets(p.Done), retrieval.Octets(p.Total), p.Stored)
}

func (w *fetchOutput) clear() {
	if w.drawn {
		fmt.Fprint(w.out, "\r\x1b[K")
		w.drawn = false
	}
}

// bar draws progress in one line that is narrower than width.
func bar(p fetch.Progress, took time.Duration, width int) string {
	part := 0.0
	if p.Total > 0 {
		part = min(1, float64(p.Done)/float64(p.Total))
	}
	text := fmt.Sprintf(" %3.0f%%  %d/%d  %s", part*100, p.Messages, p.Of, retrieval.Octets(p.Done))
	if s := took.Seconds(); s > 0.5 && p.Done > 0 {
		rate := float64(p.Done) / s
		left := time.Duration(float64(p.Total-min(p.Done, p.Total)) / rate * float64(time.Second))
		text += fmt.Sprintf("  %s/s  %s left", retrieval.Octets(int64(rate)), left.Round(time.Second))
	}
	room := min(40, width-len(text)-3)
	if room < 5 {
		return text[:min(len(text), max(0, width-1))]
	}
	full := int(part * float64(room))
	return "[" + strings.Repeat("#", full) + strings.Repeat(".", room-full) + "]" + text
}

// end prints the result, and gives the error that the command ends with.
func (w *fetchOutput) end(r *fetchRun, err error) error {
	if err != nil {
		err = r.failure(err)
	}
	w.clear()
	w.warnings(r)
	switch {
	case w.f.json:
		if jsonErr := writeFetchJSON(w.out, r, err); err == nil {
			err = jsonErr
		}
	case w.f.quiet, err != nil && r.report.End == "" && len(r.report.Plan.Steps) == 0:
	case w.f.dryRun:
		w.plan(r)
	default:
		w.result(r, err)
	}
	return err
}

// warnings names, one line each on stderr, the messages with which something went wrong.
func (w *fetchOutput) warnings(r *fetchRun) {
	for _, part := range []struct {
		list []fetch.Left
		text string
	}{
		{r.report.Refused, "pop3: %s was not given: %v"},
		{r.report.Kept, "pop3: %s stays on the server: %v"},
		{r.report.Short, "pop3: %s may be cut, so it stays on the server: %v"},
	} {
		for _, l := range part.list {
			w.warn(r.account.Name, fmt.Sprintf(part.text, named(l.Item), l.Err))
		}
	}
}

// plan prints a dry run: the commands, line for line, and what stays and why.
func (w *fetchOutput) plan(r *fetchRun) {
	p := r.report.Plan
	w.say("%s: %s on the server, %d here; policy %s", r.account.Name, messages(p.Listed), p.Have, r.f.leave(r.account))
	items := map[int]fetch.Item{}
	for _, s := range p.Steps {
		items[s.Number] = s.Item
	}
	for _, line := range p.Commands() {
		words := strings.Fields(line)
		if len(words) < 2 {
			w.say("%s", line)
			continue
		}
		n, _ := strconv.Atoi(words[1])
		w.say("%-12s %12d octets  %s", line, items[n].Octets, safe.Line(items[n].UniqueID))
	}
	w.stay(r)
}

// stay says what is left on the server, and why.
func (w *fetchOutput) stay(r *fetchRun) {
	p := r.report.Plan
	for _, s := range p.Steps {
		if s.Why != nil && (!s.Look || w.f.dryRun) {
			w.say("  %s stays on the server: %s", named(s.Item), safe.Line(s.Why.Error()))
		}
	}
	for _, h := range r.report.Headers {
		w.say("  %s stays on the server: %s, %s: %s", named(h.Item), retrieval.Octets(h.Octets), h.Header.From, h.Header.Subject)
	}
	if p.Later > 0 {
		w.say("  %s will be deleted on the server later, the first on %s", messages(p.Later), p.Next.Local().Format("2006-01-02 15:04"))
	}
	if p.Held > 0 {
		w.say("  %s downloaded earlier stay on the server; --also-downloaded would delete them", messages(p.Held))
	}
}

// result prints what was done.
func (w *fetchOutput) result(r *fetchRun, err error) {
	rep := &r.report
	w.settled(r)
	w.stay(r)
	var octets int64
	for _, s := range rep.Stored {
		octets += s.Got
	}
	text := fmt.Sprintf("%s: nothing new", r.account.Name)
	if len(rep.Stored) > 0 {
		text = fmt.Sprintf("%s: downloaded %s, %s, into %s", r.account.Name, messages(len(rep.Stored)), retrieval.Octets(octets), r.account.Maildir)
		if r.passing {
			text += " (removed now, as the demo account is)"
		}
	}
	if err != nil && len(rep.Stored) == 0 {
		text = r.account.Name + ": nothing was downloaded"
	}
	if n := len(rep.Deleted); n > 0 {
		text += fmt.Sprintf("; deleted %d on the server", n)
	}
	if n := len(rep.Unknown); n > 0 {
		text += fmt.Sprintf("; whether %d were deleted on the server is not known: the next run finds out", n)
	}
	w.say("%s", text)
}

// settled says what the list of unique-ids told of earlier runs.
func (w *fetchOutput) settled(r *fetchRun) {
	s := r.report.Settled
	for _, part := range []struct {
		n    int
		text string
	}{
		{len(s.Adopted), "  %s that a killed run had stored: found again, not downloaded twice"},
		{len(s.Deleted), "  %s of an earlier run whose QUIT was not answered: deleted after all"},
		{len(s.Kept), "  %s that an earlier run had marked: still on the server"},
	} {
		if part.n > 0 {
			w.say(part.text, messages(part.n))
		}
	}
}

func messages(n int) string {
	if n == 1 {
		return "1 message"
	}
	return fmt.Sprintf("%d messages", n)
}
