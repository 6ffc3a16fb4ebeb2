package choose

import (
	"slices"
	"strings"

	"imapop/retrieval"
)

// smtp says what retrieval does not decide.
func smtp(answers map[string]Answer) []string {
	out := []string{
		"Sending: SMTP submission, port 465 (TLS) or 587 (STARTTLS), beside IMAP or POP3 (RFC 6409, RFC 8314).",
		"Whether mail arrives, and not in spam: decided when it is sent, by SPF, DKIM, DMARC and reputation, before anybody retrieves it.",
	}
	if answers["automation"] == Yes {
		out = append(out, "A test of a program that sends: submit by SMTP, catch the mail in a mailbox of the test's own (imapop sandbox is one), wait for it, look at it.")
	}
	return out
}

// capability is one that matters for a recommendation.
type capability struct {
	side     retrieval.Protocol
	names    []string // any of them
	yes, not string
}

var capabilities = []capability{
	{retrieval.IMAP, []string{"IDLE"}, "tells of new mail by itself (IDLE)", "has no IDLE: a program must ask now and then, and is as late as it asks"},
	{retrieval.IMAP, []string{"MOVE"}, "moves messages in one step (MOVE)", "has no MOVE: a program copies and deletes, and can be caught between"},
	{retrieval.IMAP, []string{"UIDPLUS"}, "expunges single messages (UIDPLUS)", "has no UIDPLUS: an EXPUNGE takes everything along that anybody marked"},
	{retrieval.IMAP, []string{"QRESYNC", "CONDSTORE"}, "says briefly what changed since last time (CONDSTORE)", "has no CONDSTORE: each start compares all flags anew"},
	{retrieval.IMAP, []string{"SPECIAL-USE"}, "names the folders for Sent, Drafts and Trash (SPECIAL-USE)", "does not say which folder is Sent or Trash: programs guess"},
	{retrieval.POP3, []string{"UIDL"}, "has unique-ids, so leaving mail on the server can work (UIDL)", "has no UIDL: leave on server cannot work, every message would be fetched again"},
	{retrieval.POP3, []string{"TOP"}, "shows headers without fetching (TOP)", "has no TOP: to see a message is to fetch it"},
	{retrieval.POP3, []string{"PIPELINING"}, "takes many commands at once (PIPELINING)", "has no PIPELINING: every message costs a turnaround"},
}

// facts says what the servers can do for the recommendation.
func facts(v Verdict, can Abilities) []Fact {
	var out []Fact
	for _, c := range capabilities {
		if v == UseIMAP && c.side != retrieval.IMAP || v == UsePOP3 && c.side != retrieval.POP3 || v == UseSMTP {
			continue
		}
		has := can.IMAP
		if c.side == retrieval.POP3 {
			has = can.POP3
		}
		f := Fact{c.side, offers(has, c.names), c.not}
		if f.Can {
			f.Text = c.yes
		}
		out = append(out, f)
	}
	if v != UseIMAP {
		for _, line := range can.POP3 {
			if w := strings.Fields(strings.ToUpper(line)); len(w) > 1 && w[0] == "EXPIRE" && w[1] != "NEVER" {
				out = append(out, Fact{retrieval.POP3, false, "removes mail by itself after " + w[1] + " days (EXPIRE)"})
			}
		}
	}
	text := "the account has no submission endpoint: imapop cannot send from it"
	if can.Submission {
		text = "the account has a submission endpoint to send by"
	}
	return append(out, Fact{retrieval.SMTP, can.Submission, text})
}

// offers reports whether a list of capabilities has one of the names. IMAP4rev2
// has most of them in it, once it is enabled.
func offers(list, names []string) bool {
	return slices.ContainsFunc(list, func(line string) bool {
		w := strings.Fields(line)
		return len(w) > 0 && slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(w[0], n) })
	})
}
