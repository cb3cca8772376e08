// Package calendar reads the events of a text/calendar part (RFC 5545) that comes with an invitation or with the answer to one
// (RFC 5546).
//
// It is pure: text in, appointments out. Times are read in the zone that the calendar defines, else in the zone of that name, also the
// names that Windows gives to zones; a time whose zone is unknown counts as UTC, and Zone says what the sender called it. It never
// fails and never panics, and it decides nothing: nobody is booked, nothing is answered.
package calendar
