package sandbox

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// The names of the policies.
const (
	policyRetrSeen     = "retr-sets-seen"
	policyDelete       = "pop3-delete"
	policyIdleTimeout  = "idle-timeout"
	policyUIDL         = "uidl"
	policyUIDLFormat   = "uidl-format"
	policyLoginDelay   = "login-delay"
	policyPlaintext    = "plaintext-login"
	policyLock         = "pop3-lock"
	policyExpungedRetr = "expunged-retr"
	policyHidden       = "deleted-hidden"
	policyNotifyDelay  = "notify-delay"
	policyAPOP         = "apop"
	policyFlagsHide    = "flags-hide"
	policyOrder        = "pop3-order"
	policyExpunges     = "expunge-order"
)

// PolicyDoc describes one switch of the server: half of what people blame on a
// protocol is one of these.
type PolicyDoc struct {
	Name     string
	Values   []string // nil: a duration such as 90s
	Default  string
	Effect   string
	Imitates string // which servers do what
}

var policyDocs = []PolicyDoc{
	{policyRetrSeen, []string{"no", "at-once", "at-quit", "at-end"}, "no",
		`whether POP3's RETR sets \Seen for IMAP, and when; at-end is at QUIT and when the connection drops`,
		"no: Cyrus, Dovecot with pop3_no_flag_updates; at-once: Courier; at-quit: Cyrus with popuseimapflags; at-end: Dovecot"},
	{policyDelete, []string{"expunge", "trash"}, "expunge",
		"whether a message that POP3 deletes is gone at QUIT or moves to Trash", "expunge: Dovecot, Cyrus, Courier; trash: Gmail, where so set"},
	{policyIdleTimeout, nil, "10m",
		"how long a POP3 session may be silent", "10m: Dovecot, Cyrus (RFC 1939's least); 5m: Courier; 1m: many others"},
	{policyUIDL, []string{"yes", "no"}, "yes",
		"whether POP3 has UIDL, without which leave-on-server cannot work", "no: small and old servers (UIDL is optional in RFC 1939)"},
	{policyUIDLFormat, []string{"dovecot", "cyrus", "courier", "opaque"}, "dovecot",
		"what a unique-id is made of", "dovecot: UID, UIDVALIDITY in hex; cyrus: UIDVALIDITY.UID; courier: numbers of its own; opaque: a digest that survives MOVE, as Dovecot's %g"},
	{policyLoginDelay, nil, "0s",
		"the least time between two POP3 logins, else [LOGIN-DELAY]", "1m: Cyrus with popminpoll=1"},
	{policyPlaintext, []string{"allow", "refuse"}, "allow",
		"whether a password may be sent before TLS", "refuse: Cyrus, Dovecot from other hosts; allow: Courier, Dovecot on loopback"},
	{policyLock, []string{"yes", "no"}, "yes",
		"whether a POP3 session locks the maildrop (RFC 1939 section 4), else [IN-USE]", "yes: the RFC, Dovecot with pop3_lock_session; no: Dovecot, Cyrus, Courier"},
	{policyExpungedRetr, []string{"error", "serve"}, "error",
		"what RETR gives for a message that IMAP expunged in the meantime", "error: Dovecot, Courier; serve: Cyrus, Dovecot with mdbox"},
	{policyHidden, []string{"no", "yes"}, "no",
		`whether POP3 leaves out what IMAP marked \Deleted`, "no: Dovecot, Courier, Cyrus; yes: Cyrus with popuseimapflags"},
	{policyNotifyDelay, nil, "0s",
		"how long IDLE waits before it tells", "0s: Cyrus; 500ms: Dovecot; 60s: Courier without FAM"},
	{policyAPOP, []string{"yes", "no"}, "yes",
		"whether POP3 offers APOP", "yes: Cyrus; no: Dovecot and Courier as installed"},
	{policyFlagsHide, []string{"no", "yes"}, "no",
		"whether a message whose system flags IMAP changes cannot be read any more in the POP3 session that is open", "yes: Courier, whose file gets another name; no: Dovecot, Cyrus"},
	{policyOrder, []string{"uid", "name"}, "uid",
		"how POP3 numbers the messages: as IMAP, or by file name, which is as good as any order", "uid: Dovecot, Cyrus; name: Courier"},
	{policyExpunges, []string{"down", "up"}, "down",
		"in which order IMAP tells of several expunged messages; both end in the same list", "down: Dovecot; up: Cyrus, Courier"},
}

// PolicyNames lists every policy with its values, in the order of this page.
func PolicyNames() []PolicyDoc { return slices.Clone(policyDocs) }

// ErrPolicy says that there is no such policy, or not with that value.
var ErrPolicy = errors.New("policy")

const maxPolicyDuration = 24 * time.Hour

func (d PolicyDoc) check(value string) error {
	if d.Values != nil {
		if slices.Contains(d.Values, value) {
			return nil
		}
		return fmt.Errorf("%w: %s is one of %s, not %q", ErrPolicy, d.Name, strings.Join(d.Values, ", "), value)
	}
	t, err := time.ParseDuration(value)
	if err != nil || t < 0 || t > maxPolicyDuration {
		return fmt.Errorf("%w: %s is a duration such as 90s, at most 24h, not %q", ErrPolicy, d.Name, value)
	}
	return nil
}

// policies holds the values; safe for use by many goroutines.
type policies struct {
	mu     sync.Mutex
	values map[string]string
}

func newPolicies(set map[string]string) (*policies, error) {
	p := &policies{values: make(map[string]string)}
	for _, d := range policyDocs {
		p.values[d.Name] = d.Default
	}
	p.values[policyFault] = faultNone
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if err := p.set(name, set[name]); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *policies) set(name, value string) error {
	if name == policyFault {
		if err := checkFault(value); err != nil {
			return err
		}
		return p.put(name, value)
	}
	i := slices.IndexFunc(policyDocs, func(d PolicyDoc) bool { return d.Name == name })
	if i < 0 {
		return fmt.Errorf("%w %q is unknown", ErrPolicy, name)
	}
	if err := policyDocs[i].check(value); err != nil {
		return err
	}
	return p.put(name, value)
}

func (p *policies) put(name, value string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.values[name] = value
	return nil
}

func (p *policies) get(name string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.values[name]
}

func (p *policies) is(name, value string) bool { return p.get(name) == value }

func (p *policies) duration(name string) time.Duration {
	d, _ := time.ParseDuration(p.get(name)) // was checked by set
	return d
}

func (p *policies) all() map[string]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := maps.Clone(p.values)
	delete(all, policyFault)
	return all
}

// SetPolicy changes one policy while the server runs. What RETR and QUIT do
// changes for open sessions too; what a login or a greeting settles (lock,
// unique-ids, list, capabilities) stays for the session that it was settled for.
// ErrPolicy for a wrong name or value.
func (s *Server) SetPolicy(name, value string) error { return s.policies.set(name, value) }

// Policies gives every policy's present value.
func (s *Server) Policies() map[string]string { return s.policies.all() }
