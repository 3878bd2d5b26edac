import CSQLite

/// Why a database could not be written.
public struct DatabaseError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The reason, as the library gives it.
  public let description: String
}

/// A new database that one thread fills.
///
/// It is written once and is either complete or thrown away, so it needs neither a journal nor locks.
@safe final class SQLiteDatabase {
  private var handle: OpaquePointer?
  private let name: String

  /// Opens the file at `path`, which is empty; `name` is what messages call it.
  init(_ path: String, name: String) throws(DatabaseError) {
    self.name = name
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
    guard unsafe sqlite3_open_v2(path, &handle, flags, nil) == SQLITE_OK else { throw failure }
    try run("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE;")
  }

  deinit { unsafe sqlite3_close_v2(handle) }

  /// Writes what is left; errors that were held back come out here.
  func close() throws(DatabaseError) {
    guard unsafe sqlite3_close(handle) == SQLITE_OK else { throw failure }
    unsafe handle = nil
  }

  /// Runs statements without values.
  func run(_ statements: String) throws(DatabaseError) {
    guard unsafe sqlite3_exec(handle, statements, nil, nil, nil) == SQLITE_OK else { throw failure }
  }

  /// What went wrong last.
  fileprivate var failure: DatabaseError {
    let reason = unsafe sqlite3_errmsg(handle).map { unsafe String(cString: $0) } ?? "no memory"
    return DatabaseError(description: "cannot write \(name): \(reason)")
  }

  /// A value of a column.
  enum Value {
    case null
    /// A number; addresses beyond 2 to the 63 become negative, as their hexadecimal literals do in SQL.
    case number(UInt64)
    case text(String)
  }

  /// A statement that is run again and again with other values.
  @safe final class Statement {
    private var handle: OpaquePointer?
    private let database: SQLiteDatabase

    init(_ text: String, of database: SQLiteDatabase) throws(DatabaseError) {
      self.database = database
      guard unsafe sqlite3_prepare_v2(database.handle, text, -1, &handle, nil) == SQLITE_OK else {
        throw database.failure
      }
    }

    deinit { unsafe sqlite3_finalize(handle) }

    /// Runs the statement with these values for its question marks.
    func run(_ values: [Value]) throws(DatabaseError) {
      for (index, value) in values.enumerated() { try bind(value, at: Int32(index + 1)) }
      guard unsafe sqlite3_step(handle) == SQLITE_DONE,
        unsafe sqlite3_reset(handle) == SQLITE_OK
      else { throw database.failure }
    }

    private func bind(_ value: Value, at index: Int32) throws(DatabaseError) {
      let status =
        switch value {
        case .null: unsafe sqlite3_bind_null(handle, index)
        case .number(let number):
          unsafe sqlite3_bind_int64(handle, index, Int64(bitPattern: number))
        case .text(let text):
          // The library copies the text: SQLITE_TRANSIENT, a macro that Swift does not see.
          unsafe sqlite3_bind_text(
            handle, index, text, -1, unsafeBitCast(-1, to: sqlite3_destructor_type.self))
        }
      guard status == SQLITE_OK else { throw database.failure }
    }
  }
}
