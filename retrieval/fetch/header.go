package fetch

import (
	"bufio"
	"bytes"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // every charset that mail comes in
	"github.com/emersion/go-message/mail"
	"github.com/emersion/go-message/textproto"

	"imapop/retrieval"
	"imapop/retrieval/safe"
)

// ParseHeader reads what a list shows out of a message's first octets, cleaned.
// What cannot be read is left empty: a list never fails for one odd message.
func ParseHeader(octets []byte) *retrieval.Header {
	h := &retrieval.Header{}
	th, err := textproto.ReadHeader(bufio.NewReader(bytes.NewReader(octets)))
	if err != nil && th.Len() == 0 {
		return h
	}
	mh := mail.Header{Header: message.Header{Header: th}}
	if s, err := mh.Subject(); err == nil || s != "" {
		h.Subject = safe.Line(s)
	} else {
		h.Subject = safe.Line(mh.Get("Subject"))
	}
	h.From, h.Address = sender(mh)
	h.Date, _ = mh.Date()
	if id, err := mh.MessageID(); err == nil && id != "" {
		h.MessageID = "<" + safe.Line(id) + ">"
	}
	if ids, err := mh.MsgIDList("In-Reply-To"); err == nil && len(ids) > 0 {
		h.Answers = "<" + safe.Line(ids[0]) + ">"
	} else if ids, err := mh.MsgIDList("References"); err == nil && len(ids) > 0 {
		h.Answers = "<" + safe.Line(ids[len(ids)-1]) + ">"
	}
	return h
}

func sender(h mail.Header) (name, address string) {
	list, err := h.AddressList("From")
	if err != nil || len(list) == 0 {
		return safe.Line(h.Get("From")), ""
	}
	address = safe.Line(list[0].Address)
	if list[0].Name == "" {
		return address, address
	}
	return safe.Line(list[0].Name), address
}
