package pop3d

import (
	"strconv"
	"strings"
	"time"
)

// capa answers CAPA (RFC 2449 section 5).
func (s *session) capa() error {
	s.ok("capabilities follow")
	for _, c := range s.capabilities() {
		s.w.WriteString(c + "\r\n")
	}
	s.w.WriteString(".\r\n")
	return nil
}

// capabilities is what works for this session in its present state, and
// nothing else. What is for AUTHORIZATION goes away at login.
func (s *session) capabilities() []string {
	caps := []string{"TOP"}
	if !s.policy.NoUIDL {
		caps = append(caps, "UIDL")
	}
	caps = append(caps, "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING")
	if s.canSTLS() {
		caps = append(caps, "STLS")
	}
	if s.state == authorization && s.canLogin() {
		caps = append(caps, "USER", "SASL "+strings.Join(s.door().Names(), " "))
	}
	return append(caps,
		"EXPIRE "+expire(s.policy.ExpireDays),
		"LOGIN-DELAY "+strconv.Itoa(seconds(s.policy.LoginDelay)),
		"IMPLEMENTATION "+s.srv.o.Name)
}

func expire(days int) string {
	if days <= 0 {
		return "NEVER"
	}
	return strconv.Itoa(days)
}

// seconds rounds up: a client that waits as long as it was told is let in.
func seconds(d time.Duration) int {
	return int((d + time.Second - 1) / time.Second)
}
