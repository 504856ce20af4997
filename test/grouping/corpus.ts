/** Messages as platforms write them, written for this test; each list is one group, and no two lists may become one. */

export const corpus: Record<string, readonly (readonly string[])[]> = {
  JavaScript: [
    [
      "Cannot read properties of undefined (reading 'total')",
      "Cannot read properties of undefined (reading 'items')",
    ],
    ["Cannot read properties of null (reading 'total')"],
    ["Cannot set properties of undefined (setting 'total')"],
    ['cart.addItem is not a function', 'cart.addItem is not a function'],
    ['Unexpected token < in JSON at position 0', 'Unexpected token < in JSON at position 512'],
    ['Unexpected end of JSON input'],
    [
      'connect ECONNREFUSED 127.0.0.1:5432',
      'connect ECONNREFUSED 10.0.4.17:6379',
      'connect ECONNREFUSED ::1:5432',
    ],
    ['connect ETIMEDOUT 10.0.4.17:443'],
    ['getaddrinfo ENOTFOUND api.example.com', 'getaddrinfo ENOTFOUND db-7.internal'],
    [
      "ENOENT: no such file or directory, open '/srv/app/config.json'",
      "ENOENT: no such file or directory, open 'C:\\app\\config.json'",
    ],
    ["EACCES: permission denied, open '/srv/app/config.json'"],
    ['Request failed with status code 502', 'Request failed with status code 404'],
    ['timeout of 3000ms exceeded', 'timeout of 10000ms exceeded'],
    ['Maximum call stack size exceeded'],
    [
      'Payment of order 48213 for customer c_91af failed: card declined',
      'Payment of order 7 for customer c_02bd failed: card declined',
    ],
    ['Payment of order 48214 for customer c_91ae failed: insufficient funds'],
    ['Cannot upload report to S3', 'Cannot upload report to S3'],
    ['Cannot upload report to EC2'],
  ],
  Python: [
    ["KeyError: 'user_id'", "KeyError: 'order_id'"],
    ["'NoneType' object has no attribute 'id'", "'NoneType' object has no attribute 'name'"],
    ['list index out of range'],
    ['string index out of range'],
    ['division by zero'],
    [
      "invalid literal for int() with base 10: 'abc'",
      "invalid literal for int() with base 10: '12x'",
    ],
    ["could not convert string to float: 'abc'"],
    [
      "HTTPSConnectionPool(host='api.example.com', port=443): Read timed out. (read timeout=10)",
      "HTTPSConnectionPool(host='pay.example.org', port=8443): Read timed out. (read timeout=30)",
    ],
  ],
  Java: [
    [
      'Cannot invoke "com.shop.Cart.total()" because "cart" is null',
      'Cannot invoke "com.shop.Order.total()" because "order" is null',
    ],
    [
      'Index 5 out of bounds for length 5',
      'Index 17 out of bounds for length 3',
      'Index -1 out of bounds for length 0',
    ],
    [
      'Connection to node 10.1.2.3/10.1.2.3:9092 lost',
      'Connection to node 10.1.2.4/10.1.2.4:9092 lost',
    ],
    ['Connection to node 10.1.2.3/10.1.2.3:9092 established'],
    ['Java heap space'],
    ['GC overhead limit exceeded'],
    ['HikariPool-1 - Connection is not available, request timed out after 30001ms.'],
  ],
  Go: [
    [
      'dial tcp 10.0.0.5:5432: connect: connection refused',
      'dial tcp [::1]:5432: connect: connection refused',
    ],
    ['dial tcp 10.0.0.5:5432: i/o timeout'],
    [
      'runtime error: index out of range [5] with length 3',
      'runtime error: index out of range [0] with length 0',
    ],
    ['runtime error: invalid memory address or nil pointer dereference'],
    ['context deadline exceeded'],
    ['context canceled'],
    [
      'Get "https://api.example.com/v1/users/17?full=1": context deadline exceeded',
      'Get "https://api.example.com/v1/orders/9": context deadline exceeded',
    ],
    ['Post "https://api.example.com/v1/orders": context deadline exceeded'],
  ],
  PostgreSQL: [
    [
      'duplicate key value violates unique constraint "users_email_key"',
      'duplicate key value violates unique constraint "orders_pkey"',
    ],
    [
      'insert or update on table "orders" violates foreign key constraint "orders_user_fkey"',
      'insert or update on table "items" violates foreign key constraint "items_order_fkey"',
    ],
    [
      'update or delete on table "users" violates foreign key constraint "orders_user_fkey" on table "orders"',
    ],
    ['relation "order" does not exist', 'relation "orders2" does not exist'],
    ['column "emial" does not exist'],
    ['canceling statement due to statement timeout'],
    ['canceling statement due to lock timeout'],
    ['deadlock detected'],
    ['remaining connection slots are reserved for roles with the SUPERUSER attribute'],
    ['invalid input syntax for type uuid: "abc"', 'invalid input syntax for type uuid: ""'],
    ['invalid input syntax for type json'],
    ['could not serialize access due to concurrent update'],
    ['could not serialize access due to read/write dependencies among transactions'],
    [
      'password authentication failed for user "app"',
      'password authentication failed for user "root"',
    ],
  ],
  /** As loggers and libraries write structures. */
  structures: [
    [
      '{"level":"error","ts":"2026-05-11T07:28:00Z","msg":"HTTP request failed","path":"/a/1"}',
      '{"level":"error","ts":"2026-05-11T07:29:07Z","msg":"HTTP request failed","path":"/b/2"}',
    ],
    ['{"level":"error","ts":"2026-05-11T07:29:00Z","msg":"disk full","path":"/b/2"}'],
    ['{"status":"refused"}'],
    ['{"status":"timeout"}'],
    ['{"order":17}', '{"order":18}'],
    ['{"user":17}'],
    [
      'level=error ts=2026-01-02T03:04:05Z msg="cannot open file" err="disk full" user="Ann Lee"',
      'level=error ts=2026-01-02T03:04:09Z msg="cannot open file" err="disk full" user="Bob"',
    ],
    ['level=error ts=2026-01-02T03:04:05Z msg="payment declined" err="card expired" user="Bob"'],
    [
      "Duplicate entry 'Ann Lee' for key 'users.name'",
      "Duplicate entry 'bob' for key 'users.name'",
    ],
    ['Key (name)=(Ann Lee) already exists.', 'Key (name)=(Bob) already exists.'],
    ['\u001b[31mError\u001b[0m: disk 3 full', 'Error: disk 4 full'],
    ['\u001b[33mWarning\u001b[0m: disk 3 full'],
  ],
  /** The forms that other systems write: phones, clusters, desktops, secure shells. */
  systems: [
    [
      'Failed password for root from 203.0.113.7 port 4022 ssh2',
      'Failed password for alice from 203.0.113.9 port 50122 ssh2',
      'Failed password for bob from 203.0.113.9 port 50123 ssh2',
      'Failed password for carol from 203.0.113.9 port 50124 ssh2',
    ],
    [
      'Failed password for invalid user admin from 203.0.113.7 port 4022 ssh2',
      'Failed password for invalid user oracle from 203.0.113.7 port 4023 ssh2',
      'Failed password for invalid user test1 from 203.0.113.7 port 4024 ssh2',
    ],
    [
      'acquire lock=23357, flags=0x1, tag="View Lock", name=com.example.ui, ws=null, uid=10037',
      'acquire lock=16, flags=0x0, tag="RILJ", name=com.example.phone, ws=null, uid=1000',
    ],
    ['release lock=23357, flags=0x1, tag="View Lock", name=com.example.ui, ws=null, uid=10037'],
    ['getTodaySteps = 1514038440000##6993##548365##8661', 'getTodaySteps = 15##7##9##1'],
    ['ambient=35', 'ambient=28'],
    ['voltage=35'],
    ['Fan speeds ( 3552 3534 3375 )', 'Fan speeds ( 3552 3534 3375 4354 3515 )'],
    ['PSU status ( on on )', 'PSU status ( on off )', 'PSU status ( 0 on )'],
    [
      'Block broadcast_0_piece0 stored as bytes in memory (estimated size 5.2 KB, free 317.5 MB)',
      'Block broadcast_7_piece0 stored as bytes in memory (estimated size 2.1 GB, free 900 B)',
    ],
    [
      'en0: link with 5c:50:15:4c:18:13 lost at Thu Jul  6 09:40:12 2017',
      'en1: link with 0a:fe:00:00:00:01 lost at Sun Aug 13 21:00:00 2017',
    ],
    [
      'Loaded stack v6.1.7601.23505 with core: C:\\Windows\\winsxs\\amd64_x\\core.dll',
      'Loaded stack v6.1.7602.1 with core: D:\\Windows\\winsxs\\x86_y\\core.dll',
    ],
    ['AppleKeyStore::start entered'],
    ['AppleKeyStore::start exited'],
    ['Found block rdd_42_20 locally', 'Found block rdd_2_4 locally'],
    ['用户123不存在', '用户7不存在'],
    ['订单5失败'],
  ],
};
