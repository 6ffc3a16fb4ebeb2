package query

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"imapop/retrieval"
)

// row is a message on both sides; POP3 saw the header of it only when it is told to.
func row(uid uint32, from, subject string, octets int64, seen, topped bool) retrieval.Row {
	h := retrieval.Header{From: from, Address: from, Subject: subject, Date: time.Unix(int64(uid)*1000, 0), MessageID: fmt.Sprintf("<%d@x>", uid)}
	r := retrieval.Row{UID: uid, Number: int(uid), Message: &retrieval.Message{UID: uid, Octets: octets, Header: h}, Entry: &retrieval.Entry{Number: int(uid), Octets: octets}}
	if seen {
		r.Message.Flags = []string{`\Seen`}
	}
	if topped {
		r.Entry.Header = &h
	}
	return r
}

func TestOrders(t *testing.T) {
	rows := []retrieval.Row{row(1, "bob", "Re: apples", 30, true, true), row(2, "Ada", "pears", 10, false, false), row(3, "cyd", "Apples", 20, true, true)}
	rows = append(rows, retrieval.Row{UID: 4}) // not loaded
	for _, c := range []struct {
		side  retrieval.Protocol
		by    retrieval.Order
		want  []int
		known int
	}{
		{retrieval.IMAP, retrieval.ByFrom, []int{1, 0, 2, 3}, 3},
		{retrieval.IMAP, retrieval.BySubject, []int{0, 2, 1, 3}, 3}, // stable: without "Re:" two are alike
		{retrieval.IMAP, retrieval.BySize, []int{0, 2, 1, 3}, 3},
		{retrieval.IMAP, retrieval.ByUnread, []int{1, 0, 2, 3}, 3},
		{retrieval.IMAP, retrieval.ByDate, []int{0, 1, 2, 3}, 3},
		{retrieval.POP3, retrieval.ByFrom, []int{0, 2, 1, 3}, 2},   // of message 2 no header was seen
		{retrieval.POP3, retrieval.BySize, []int{0, 2, 1, 3}, 3},   // LIST has every size
		{retrieval.POP3, retrieval.ByUnread, []int{0, 1, 2, 3}, 0}, // POP3 has no flags
	} {
		if p := By(rows, c.side, c.by); !slices.Equal(p.Rows, c.want) || p.Known != c.known {
			t.Errorf("%s %s: %+v, want %v and %d known", c.side, c.by, p, c.want, c.known)
		}
	}
}

func TestServersOrderKeepsEveryRowOnce(t *testing.T) {
	rows := []retrieval.Row{{UID: 5}, {Number: 1}, {UID: 6}, {UID: 7}}
	p := As(rows, retrieval.Arranged{UIDs: []uint32{7, 99, 5, 7, 0}, Depth: []int{0, 1, 2}}) // lies: 99 is not there, 7 comes twice
	if !slices.Equal(p.Rows, []int{3, 0, 1, 2}) || !slices.Equal(p.Depth, []int{0, 2, 0, 0}) || p.Known != 2 {
		t.Errorf("%+v", p)
	}
}

func answering(uid uint32, subject, answers string) retrieval.Row {
	r := row(uid, "a", subject, 1, true, true)
	r.Message.Header.Answers = answers
	return r
}

func TestThreads(t *testing.T) {
	rows := []retrieval.Row{
		answering(1, "Engine", ""), answering(2, "Lunch", ""), answering(3, "Re: Engine", "<1@x>"),
		answering(4, "Aw: Re: engine", "<missing@x>"),                                                   // by its subject
		answering(5, "Re: Engine", "<3@x>"), answering(6, "Re: Nothing", ""), answering(7, "Lunch", ""), // no answer: it only has the same subject
		{UID: 8},
	}
	p := By(rows, retrieval.IMAP, retrieval.ByThread)
	if !slices.Equal(p.Rows, []int{0, 2, 4, 3, 1, 5, 6, 7}) || !slices.Equal(p.Depth, []int{0, 1, 2, 1, 0, 0, 0, 0}) || p.Known != 7 {
		t.Errorf("%+v", p)
	}
}

// TestNoRowIsLostInThreads makes trees out of lies: rings, messages that answer
// themselves or what comes later, one Message-ID twice.
func TestNoRowIsLostInThreads(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		n := 1 + r.IntN(9)
		rows := make([]retrieval.Row, n)
		for i := range rows {
			subject := []string{"Re: a", "a", "Re: b", ""}[r.IntN(4)]
			rows[i] = answering(uint32(i+1), subject, fmt.Sprintf("<%d@x>", 1+r.IntN(n)))
			rows[i].Message.Header.MessageID = fmt.Sprintf("<%d@x>", 1+r.IntN(n))
		}
		p := By(rows, retrieval.IMAP, retrieval.ByThread)
		got := slices.Sorted(slices.Values(p.Rows))
		for i := range n {
			if len(got) != n || got[i] != i || len(p.Depth) != n {
				t.Fatalf("%d rows became %v", n, p.Rows)
			}
		}
	}
}

func TestADeepThreadNeedsNoStack(t *testing.T) {
	const n = 50_000
	rows := make([]retrieval.Row, n)
	for i := range rows {
		rows[i] = retrieval.Row{UID: uint32(i + 1), Message: &retrieval.Message{Header: retrieval.Header{MessageID: fmt.Sprint(i), Answers: fmt.Sprint(i - 1)}}}
	}
	p := By(rows, retrieval.IMAP, retrieval.ByThread)
	if len(p.Rows) != n || p.Depth[n-1] != n-1 {
		t.Error(len(p.Rows), p.Depth[n-1])
	}
}
