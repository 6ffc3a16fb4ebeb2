// Package trust says who answers for a received message: what the account's own
// server found when it took the message in, what of the signatures can be checked
// here, and what all of it means for the address that a person sees.
package trust

import (
	"context"
	"fmt"
	"strings"
	"time"

	gomail "github.com/emersion/go-message/mail"
	"github.com/emersion/go-msgauth/authres"
	"golang.org/x/net/publicsuffix"

	"imapop/retrieval"
	"imapop/retrieval/mime"
	"imapop/retrieval/safe"
)

// Who says so.
const (
	byServer = "your server"
	byHere   = "checked here"
	byNobody = "not believed"
)

// Options say whom to believe and how to look up keys.
type Options struct {
	// Own is the authserv-id of the account's server; "" derives it from Host and from
	// what the message says.
	Own  string
	Host string // of the account's IMAP server
	// LookupTXT asks the DNS; nil: nothing is looked up, and the lines say so.
	LookupTXT func(ctx context.Context, name string) ([]string, error)
	Patience  time.Duration // for all lookups together; 0: 10 s
}

// maxFields bounds how many Authentication-Results and Received fields are read.
const maxFields = 50

// Judge reads one message. It never fails: what cannot be known is said. The DNS is
// asked for keys and policies of the domains that the message names, and only then.
func Judge(ctx context.Context, octets []byte, o Options) retrieval.Trust {
	if o.Patience == 0 {
		o.Patience = 10 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, o.Patience)
	defer cancel()
	h, _ := mime.ParseHeader(octets)
	j := &judge{o: o, ctx: ctx, fields: h.Fields, from: author(h)}
	j.own()
	j.results()
	j.signatures(octets)
	j.alignment()
	j.add("", "", "", "all of this is the sender's side, looked at when a server takes mail in by SMTP: IMAP and POP3 hand out what was delivered, the same octets, and know none of it (docs/guide.md, Who sent this?)", "RFC 8601 section 1")
	return j.Trust
}

// judge gathers what is known of one message.
type judge struct {
	retrieval.Trust
	o      Options
	ctx    context.Context
	fields []mime.Field
	from   string // domain of the author's address; "" when it cannot be read

	signed []string // domains whose signatures hold here
	told   []string // domains whose DKIM the server found good
	sender string   // domain that SPF passed for, by the server
}

func (j *judge) add(by, method, result, text, source string) {
	j.Lines = append(j.Lines, retrieval.TrustLine{By: by, Method: method, Result: safe.Line(result), Text: safe.Line(text), Source: source})
}

// author is the domain of the one address in From, which is what a person sees.
func author(h mime.Header) string {
	var mh gomail.Header
	mh.Set("From", h.Get("From"))
	list, err := mh.AddressList("From")
	if err != nil || len(list) != 1 {
		return ""
	}
	return domainOf(list[0].Address)
}

func domainOf(address string) string {
	return strings.ToLower(strings.TrimSuffix(address[strings.LastIndexByte(address, '@')+1:], "."))
}

// site is the part of a name that one owner registered.
func site(name string) string {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if s, err := publicsuffix.EffectiveTLDPlusOne(name); err == nil {
		return s
	}
	return name
}

// elsewhere are providers whose servers sign in a name of another site than their
// IMAP server has.
var elsewhere = map[string]string{"gmail.com": "mx.google.com", "googlemail.com": "mx.google.com"}

// own decides which authserv-id is the account's own server.
func (j *judge) own() {
	switch {
	case j.o.Own != "":
		j.Own, j.OwnWhy = j.o.Own, "the setting authserv_id says so"
		return
	case elsewhere[site(j.o.Host)] != "":
		j.Own, j.OwnWhy = elsewhere[site(j.o.Host)], "it is this provider's"
		return
	}
	by := j.receivedBy()
	for _, f := range j.named("Authentication-Results") {
		id, _, err := authres.Parse(f)
		if err != nil {
			continue
		}
		switch {
		case j.o.Host != "" && !local(j.o.Host) && site(id) == site(j.o.Host):
			j.Own, j.OwnWhy = id, "it is of the same domain as the IMAP server, "+j.o.Host
		case by != "" && strings.EqualFold(id, by):
			j.Own, j.OwnWhy = id, "the topmost Received field says that this host delivered the message"
		default:
			continue
		}
		return
	}
}

// local names say nothing of a site.
func local(host string) bool {
	return host == "localhost" || strings.Trim(host, "0123456789.:abcdef") == ""
}

// named are the values of a field, from the top.
func (j *judge) named(name string) (out []string) {
	for _, f := range j.fields {
		if strings.EqualFold(f.Name, name) && len(out) < maxFields {
			out = append(out, f.Value)
		}
	}
	return out
}

// receivedBy is the host of the topmost Received field: the last server that had the
// message, which is the account's own (RFC 5321 section 4.4).
func (j *judge) receivedBy() string {
	list := j.named("Received")
	if len(list) == 0 {
		return ""
	}
	words := strings.Fields(list[0])
	for i, w := range words {
		if strings.EqualFold(w, "by") && i+1 < len(words) {
			return strings.TrimSuffix(words[i+1], ";")
		}
	}
	return ""
}

// results tells what servers wrote into the message.
func (j *judge) results() {
	list := j.named("Authentication-Results")
	if len(list) == 0 {
		j.add("", "", "none", "no server wrote down what it found (there is no Authentication-Results field)", "RFC 8601")
		return
	}
	believed := 0
	for _, f := range list {
		id, results, err := authres.Parse(f)
		if err != nil {
			j.add(byNobody, "", "", "an Authentication-Results field that cannot be read: "+err.Error(), "RFC 8601 section 2.2")
			continue
		}
		if j.Own == "" || !strings.EqualFold(id, j.Own) {
			j.add(byNobody, "", "", fmt.Sprintf("%s says %s: anyone can write such a field, and %s is not your server", id, summary(results), id), "RFC 8601 section 7.1")
			continue
		}
		if believed++; believed > 1 {
			j.add(byNobody, "", "", fmt.Sprintf("a second field in your server's name says %s: only the topmost one is surely its own", summary(results)), "RFC 8601 section 5")
			continue
		}
		for _, r := range results {
			j.result(r)
		}
	}
	if believed == 0 {
		j.add("", "", "", "none of these is your server's. When it has another name, set authserv_id in the account", "RFC 8601 section 2.2")
	}
}

func summary(results []authres.Result) string {
	var out []string
	for _, r := range results {
		switch r := r.(type) {
		case *authres.SPFResult:
			out = append(out, "spf="+string(r.Value))
		case *authres.DKIMResult:
			out = append(out, "dkim="+string(r.Value))
		case *authres.DMARCResult:
			out = append(out, "dmarc="+string(r.Value))
		case *authres.GenericResult:
			out = append(out, r.Method+"="+string(r.Value))
		}
	}
	if len(out) == 0 {
		return "nothing"
	}
	return strings.Join(out, ", ")
}

// result explains one finding of the own server with this message's values.
func (j *judge) result(r authres.Result) {
	switch r := r.(type) {
	case *authres.SPFResult:
		who := r.From
		if who == "" {
			who = r.Helo
		}
		if r.Value == authres.ResultPass {
			j.sender = domainOf(who)
		}
		j.add(byServer, "SPF", string(r.Value), spfText(string(r.Value), domainOf(who)), "RFC 7208")
	case *authres.DKIMResult:
		d := r.Domain
		if d == "" {
			d = domainOf(r.Identifier)
		}
		if r.Value == authres.ResultPass {
			j.told = append(j.told, d)
			j.add(byServer, "DKIM", "pass", d+" signed it, and what it signed is unchanged", "RFC 6376")
			return
		}
		j.add(byServer, "DKIM", string(r.Value), reason("the signature of "+orSome(d)+" does not hold", r.Reason), "RFC 6376")
	case *authres.DMARCResult:
		text := "the From address, " + orSome(r.From) + ", is not backed by its own domain: neither DKIM nor SPF passed in its name"
		if r.Value == authres.ResultPass {
			text = "the domain of the From address, " + orSome(r.From) + ", stands behind the message"
		}
		j.add(byServer, "DMARC", string(r.Value), reason(text, r.Reason), "RFC 7489")
	case *authres.GenericResult:
		j.add(byServer, strings.ToUpper(r.Method), string(r.Value), "", "RFC 8601 section 2.7")
	}
}

func reason(text, why string) string {
	if why == "" {
		return text
	}
	return text + " (" + why + ")"
}

func orSome(s string) string {
	if s == "" {
		return "some domain"
	}
	return s
}

func spfText(result, domain string) string {
	domain = orSome(domain)
	switch result {
	case "pass":
		return domain + " lets the server that handed this message over send for it. That is the envelope's sender, which nobody sees; the From field may name somebody else"
	case "fail", "softfail":
		return "the server that handed this message over is not one that " + domain + " names. A forwarder looks like that too"
	case "none", "neutral":
		return domain + " does not say which servers send for it"
	}
	return "what " + domain + " says of its servers could not be found out"
}

// alignment puts the findings beside the address that a person sees.
func (j *judge) alignment() {
	if j.from == "" {
		j.add("", "DMARC", "", "the From field does not name one address, so that no domain answers for it", "RFC 7489 section 6.6.1")
		return
	}
	var good []string
	for _, d := range j.signed {
		if site(d) == site(j.from) {
			good = append(good, "DKIM by "+d+", checked here")
		}
	}
	for _, d := range j.told {
		if site(d) == site(j.from) {
			good = append(good, "DKIM by "+d+", your server says")
		}
	}
	if j.sender != "" && site(j.sender) == site(j.from) {
		good = append(good, "SPF for "+j.sender+", your server says")
	}
	policy := j.policy()
	if len(good) > 0 {
		j.add("", "DMARC", "aligned", fmt.Sprintf("From says %s, and its own domain answers for the message: %s. %s", j.from, strings.Join(good, "; "), policy), "RFC 7489 section 3.1")
		return
	}
	j.add("", "DMARC", "not aligned", fmt.Sprintf("From says %s, and nothing here shows that this domain sent the message. %s", j.from, policy), "RFC 7489 section 3.1")
}
