package live

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"imapop/retrieval"
)

// linkWithin bounds how long after an act an effect on the other side is still
// put down to it: Courier's IDLE polls every 60 s (measured), and a little more.
const linkWithin = 75 * time.Second

// cause is an act on one side that the other side is expected to hear of.
type cause struct {
	seq  uint64         // of its happening; 0 while the act is under way
	at   time.Time      // when its command went out
	name string         // "POP3's QUIT"
	kind retrieval.Kind // what the other side would say
	uids []uint32       // the messages it is about; nil for a delivery, whose UID nobody knows yet
	once bool           // explains an effect on each of its messages once: an act on another device
	any  bool           // of flags: a STORE sets any of them, POP3 only ever \Seen
	used bool           // a delivery explains one EXISTS, not every later one
	id   string         // Message-ID of what was submitted: it explains that message's arrival and no other
}

// links remembers recent acts. An effect is linked only to an act that was
// really seen and that names its messages; everything else stays unexplained.
type links struct{ causes []*cause }

func (l *links) expect(c *cause) {
	keep := l.causes[:0]
	for _, k := range l.causes {
		if c.at.Sub(k.at) < linkWithin {
			keep = append(keep, k)
		}
	}
	l.causes = append(keep, c)
}

// find returns the act that explains an effect seen at a time; nil when none does.
// otherFlags asks for what can change more than \Seen.
func (l *links) find(kind retrieval.Kind, at time.Time, uids []uint32, otherFlags bool) *cause {
	for i := len(l.causes) - 1; i >= 0; i-- {
		c := l.causes[i]
		if c.kind != kind || otherFlags && !c.any || c.id != "" || at.Before(c.at) || at.Sub(c.at) > linkWithin {
			continue
		}
		if overlap(c.uids, uids) {
			if c.once {
				c.uids = slices.DeleteFunc(c.uids, func(u uint32) bool { return slices.Contains(uids, u) })
			}
			return c
		}
		if kind == retrieval.Exists && !c.used {
			c.used = true
			return c
		}
	}
	return nil
}

// submitted ties the arrival of a message to its submission, by its Message-ID: on a
// real account anything else may arrive at the same moment.
func (b *book) submitted(h *retrieval.Happening, messageID string) {
	for _, c := range b.links.causes {
		if c.id == "" || c.id != messageID || c.used || h.CausedBy != 0 || h.At.Before(c.at) || !strings.Contains(h.Text, byItself) {
			continue
		}
		c.used = true
		h.CausedBy, h.Delay = c.seq, h.At.Sub(c.at)
		h.Text = strings.Replace(h.Text, byItself, fmt.Sprintf(", %s after %s", span(h.Delay), c.name), 1)
	}
}

func overlap(a, b []uint32) bool {
	return slices.ContainsFunc(b, func(u uint32) bool { return slices.Contains(a, u) })
}

// explain ties h to the act that caused it, if one is known.
func (b *book) explain(h *retrieval.Happening) { b.explainFlags(h, false) }

func (b *book) explainFlags(h *retrieval.Happening, otherFlags bool) {
	c := b.links.find(h.Kind, h.At, h.UIDs, otherFlags)
	if c == nil {
		return
	}
	h.CausedBy, h.Delay = c.seq, h.At.Sub(c.at)
	h.Text = strings.TrimSuffix(h.Text, byItself) + fmt.Sprintf(", %s after %s", span(h.Delay), c.name)
}

// settle gives an act that is over its Seq, also in effects that came before its answer did.
func (b *book) settle(c *cause, seq uint64) {
	c.seq = seq
	for i := range b.happened {
		h := b.happened[i]
		if h.CausedBy == 0 && h.Delay > 0 && h.Kind == c.kind && !h.At.Before(c.at) && !strings.Contains(h.Text, ofAnother) {
			b.amend(h.Seq, func(h *retrieval.Happening) { h.CausedBy = seq })
		}
	}
}

// span writes a delay as a person reads it.
func span(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "under 1 ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
