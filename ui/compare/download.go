package compare

import (
	"fmt"
	"time"

	"imapop/retrieval"
	"imapop/ui/style"
)

// downloading is the POP3 download that runs; nil: none does.
func (m Model) downloading() *retrieval.Progress {
	if p := m.view.Running; p != nil && p.Side == retrieval.POP3 && p.Of > 0 {
		return p
	}
	return nil
}

// withDownload lays the download that runs over the last lines of POP3's list:
// how far it is, how fast, how long it will take, and how to stop it.
func (m Model) withDownload(lines []string, w int) []string {
	p := m.downloading()
	if p == nil {
		return lines
	}
	st := m.st
	line := func() *style.Line { return style.NewLine(w).Gap(st.Text, 1) }
	part := 0.0
	if p.Total > 0 {
		part = min(float64(p.Done)/float64(p.Total), 1)
	}
	percent := fmt.Sprintf(" %3d %%", int(100*part))
	bar := max(min(w-2-style.Width(percent), 60), 4)
	say := []string{
		line().Put(st.POP3, "↓ ").Put(st.Bold, fmt.Sprintf("%d of %s", p.Whole, plural(p.Of, "message"))).
			Put(st.Text, " · "+amount(p)).Put(st.Muted, fmt.Sprintf(" · %d on disk", p.Stored)).End(st.Text),
		line().Put(st.POP3, style.Bar(bar, part)).Put(st.Text, percent).End(st.Text),
		line().Put(st.Text, pace(p)).Put(st.Key, "esc").Put(st.Muted, " stops; what is whole stays").End(st.Text),
	}
	say = say[:min(len(say), len(lines))]
	copy(lines[len(lines)-len(say):], say)
	return lines
}

// pace is the rate so far and the time that is left at it: "1.2 MB/s, 9 s left · ".
func pace(p *retrieval.Progress) string {
	took := p.At.Sub(p.Started)
	if took <= 0 || p.Done <= 0 {
		return ""
	}
	rate := float64(p.Done) / took.Seconds()
	s := retrieval.Octets(int64(rate)) + "/s"
	if left := p.Total - p.Done; left > 0 {
		s += ", " + span(time.Duration(float64(left)/rate*float64(time.Second))) + " left"
	}
	return s + " · "
}
