package compare

import (
	"testing"

	"imapop/ui/internal/fake"
)

// BenchmarkKey is a j and the frame after it, in a list of 100,000, with the
// program's own rules: a key must be drawn within one frame.
func BenchmarkKey(b *testing.B) {
	for _, bb := range []struct {
		name string
		m    Model
	}{
		{"plain", New(plain(), RFC{})},
		{"colour", New(coloured(), RFC{})},
	} {
		b.Run(bb.name, func(b *testing.B) {
			m := bb.m.SetSize(120, 36).SetView(fake.Large(100_000)).SetLines(fake.Lines()).SetNow(fake.Now)
			key := keyMsg("j")
			b.ReportAllocs()
			for b.Loop() {
				m, _ = m.Update(key)
				_ = m.View()
			}
		})
	}
}
