package check

import "fmt"

// Promise is one thing that leaving mail on the server can or cannot count on here.
type Promise struct {
	Holds  bool   `json:"holds"`
	Text   string `json:"text"`
	Source string `json:"source"`
	Link   string `json:"link"`
}

// promises says what leave-on-server can count on; nothing when POP3 was not seen after login.
func promises(f Facts) []Promise {
	out := []Promise{}
	if f.POP3 == nil || f.POP3.Login == nil || f.POP3.Login.POP3 == nil {
		return out
	}
	p := f.POP3.Login.POP3
	add := func(holds bool, src source, format string, args ...any) {
		out = append(out, Promise{holds, fmt.Sprintf(format, args...), src.String(), src.link()})
	}
	if p.UIDL {
		add(true, "1939 7", "what was downloaded is known again by its unique-id: it is not fetched twice, and can be deleted after days")
	} else {
		add(false, "1939 7", "without UIDL nothing tells today's messages from yesterday's: keep, and delete after days, are refused")
	}
	switch p.Expire {
	case "":
		add(false, "2449 6.7", "the server does not say whether it removes mail by itself: EXPIRE is not announced")
	case "NEVER":
		add(true, "2449 6.7", "the server says that it never removes mail by itself (EXPIRE NEVER)")
	case "0":
		add(false, "2449 6.7", "the server may remove a message as soon as it was downloaded (EXPIRE 0)")
	default:
		add(false, "2449 6.7", "the server removes mail by itself: EXPIRE %s, in days", p.Expire)
	}
	if p.LoginDelay > 0 {
		add(false, "2449 6.5", "mail cannot be looked for more often than every %s", count(int(p.LoginDelay), "second"))
	}
	add(false, "1939 6", "what another client deletes or moves is gone from POP3 at the next login, copies on devices apart")
	add(false, "1939 1", "leaving mail on the server is not synchronising: POP3 knows no folders, no flags and no read mail")
	return out
}
