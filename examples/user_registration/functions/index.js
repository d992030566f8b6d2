// One handler for every system: a real app would call the system's API here.
'use strict';

let calls = 0;

exports.register = async (event) => {
  calls += 1;
  console.log(`Event in ${process.env.SYSTEM} is:`, event);
  const trouble = (event.trouble || {})[process.env.SYSTEM];
  if (trouble === 'always' || (trouble === 'once' && calls === 1)) {
    throw new Error(`${process.env.SYSTEM} is out of order`);
  }
  return { status: true, email: event.email, system: process.env.SYSTEM };
};

exports.notify = async (event) => {
  if (event[0].email === 'nobody@test.com') {
    throw new Error('no such mailbox');
  }
  return { sent: true, to: event[0].email, systems: event.map((each) => each.system) };
};

exports.rollback = async (event) => ({ rolledBack: true, because: JSON.parse(event.Cause).errorMessage });
