/** A report that another system sends later, to `roundsman web`, in place of an answer. */
export interface AwaitedReport {
  /** An earlier start of this attempt has sent the request already, and the other system has taken it on: it is not sent again. */
  readonly accepted: boolean;
  /** A report that comes later is refused; a lease may end it earlier. */
  readonly until: Date;
  /** The other system has taken the request on for so many seconds. Returns until when its report is taken. */
  accept(leaseSeconds: number): Promise<Date>;
  /** The report once it has come; until then how many milliseconds are left, 0 where the lease has run out. */
  take(): Promise<{ body: unknown } | { leftMs: number }>;
  /** From now on no report is taken. Returns false where one has come: that one counts. */
  giveUp(): Promise<boolean>;
}
