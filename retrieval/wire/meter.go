package wire

import (
	"sync/atomic"
	"time"

	"imapop/retrieval"
)

// meter counts what a connection costs. All of it is safe from any goroutine.
type meter struct {
	start       time.Time // of dialing
	in, out     atomic.Int64
	turnarounds atomic.Int64
	first       atomic.Int64 // nanoseconds from start to the first octet; 0: none yet
	asked       atomic.Bool  // something was written since the last octet came in
}

// received counts octets that came in, and a turnaround when they follow a write.
func (m *meter) received(n int) {
	if m.in.Add(int64(n)) == int64(n) {
		m.first.CompareAndSwap(0, max(1, int64(time.Since(m.start))))
	}
	if m.asked.Load() && m.asked.CompareAndSwap(true, false) {
		m.turnarounds.Add(1)
	}
}

func (m *meter) reading() retrieval.Meter {
	return retrieval.Meter{
		In:          m.in.Load(),
		Out:         m.out.Load(),
		Turnarounds: int(m.turnarounds.Load()),
		Connections: 1,
		FirstOctet:  time.Duration(m.first.Load()),
	}
}
