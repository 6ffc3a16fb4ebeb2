package trust

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/emersion/go-msgauth/dmarc"
)

// maxSignatures bounds how many signatures are checked: each is a lookup.
const maxSignatures = 5

var errOffline = errors.New("nothing is looked up")

// lookup asks the DNS within the patience that is left. The libraries take no
// context.
func (j *judge) lookup(name string) ([]string, error) {
	if j.o.LookupTXT == nil {
		return nil, errOffline
	}
	type answer struct {
		txts []string
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		txts, err := j.o.LookupTXT(j.ctx, name)
		got <- answer{txts, err}
	}()
	select {
	case a := <-got:
		return a.txts, a.err
	case <-j.ctx.Done():
		return nil, j.ctx.Err()
	}
}

// signatures checks the DKIM signatures here.
func (j *judge) signatures(octets []byte) {
	if len(j.named("DKIM-Signature")) == 0 {
		j.add(byHere, "DKIM", "none", "the message carries no signature", "RFC 6376")
		return
	}
	if j.o.LookupTXT == nil {
		j.add(byHere, "DKIM", "", "it is signed; the key is in the DNS, and nothing was looked up", "RFC 6376 section 3.6")
		return
	}
	list, err := dkim.VerifyWithOptions(bytes.NewReader(crlf(octets)), &dkim.VerifyOptions{LookupTXT: j.lookup, MaxVerifications: maxSignatures})
	if err != nil && !errors.Is(err, dkim.ErrTooManySignatures) {
		j.add(byHere, "DKIM", "", "the message cannot be read as one that is signed: "+err.Error(), "RFC 6376")
	}
	for _, v := range list {
		switch {
		case v.Err == nil:
			j.signed = append(j.signed, strings.ToLower(v.Domain))
			j.add(byHere, "DKIM", "pass", fmt.Sprintf("%s signed %s and the text, and nothing of that was changed since", v.Domain, strings.Join(v.HeaderKeys, ", ")), "RFC 6376")
		case dkim.IsTempFail(v.Err):
			j.add(byHere, "DKIM", "temperror", "the key of "+orSome(v.Domain)+" could not be looked up: "+v.Err.Error(), "RFC 6376 section 6.1.2")
		default:
			j.add(byHere, "DKIM", "fail", "the signature of "+orSome(v.Domain)+" does not hold: "+v.Err.Error()+". A mailing list that changes mail breaks it too", "RFC 6376 section 6.1")
		}
	}
	if errors.Is(err, dkim.ErrTooManySignatures) {
		j.add(byHere, "DKIM", "", fmt.Sprintf("it has more signatures: the first %d were checked", maxSignatures), "RFC 6376 section 6.1")
	}
}

// crlf gives the line ends that signatures are made over; a local copy has LF.
func crlf(octets []byte) []byte {
	return bytes.ReplaceAll(bytes.ReplaceAll(octets, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
}

// policy says what the author's domain asks receivers to do.
func (j *judge) policy() string {
	if j.o.LookupTXT == nil {
		return "What that domain asks receivers to do was not looked up"
	}
	var r *dmarc.Record
	err := dmarc.ErrNoPolicy
	for _, name := range []string{j.from, site(j.from)} {
		if r, err = dmarc.LookupWithOptions(name, &dmarc.LookupOptions{LookupTXT: j.lookup}); err == nil || !errors.Is(err, dmarc.ErrNoPolicy) {
			break
		}
	}
	switch {
	case errors.Is(err, dmarc.ErrNoPolicy):
		return site(j.from) + " asks nothing of receivers (it has no DMARC record)"
	case err != nil:
		return "What " + site(j.from) + " asks receivers to do could not be looked up: " + err.Error()
	}
	asks := map[dmarc.Policy]string{dmarc.PolicyNone: "only to report", dmarc.PolicyQuarantine: "to put aside what fails (p=quarantine)", dmarc.PolicyReject: "to refuse what fails (p=reject)"}[r.Policy]
	return site(j.from) + " asks receivers " + asks
}
