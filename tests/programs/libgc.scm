; SPDX-License-Identifier: MIT
; Lists, tables, threads, weak tables, guardians, escapes, text.
(use-modules (ice-9 threads) (ice-9 regex) (ice-9 format)
             (ice-9 weak-vector) (srfi srfi-1))

(define (show value) (display value) (newline))

(define (work n)
  (let loop ((i 0) (acc '()))
    (if (= i n)
        (fold + 0 acc)
        (loop (+ i 1)
              (cons (string-length (number->string (* i i))) acc)))))
(show (work 50000))

(define table (make-hash-table))
(do ((i 0 (+ i 1))) ((= i 20000))
  (hash-set! table (format #f "key~a" i) (iota 5)))
(show (hash-count (const #t) table))

(show (map join-thread
           (map (lambda (i) (call-with-new-thread
                             (lambda () (work (* 2000 i)))))
                (iota 6))))

(define weak (make-weak-key-hash-table))
(do ((i 0 (+ i 1))) ((= i 20000)) (hashq-set! weak (list i) (list i i)))
(gc) (gc) (gc)
(show (< (hash-fold (lambda (k v n) (+ n 1)) 0 weak) 10000))

(define guardian (make-guardian))
(do ((i 0 (+ i 1))) ((= i 100)) (guardian (list 'guarded i)))
(gc) (gc)
(show (let loop ((n 0)) (if (guardian) (loop (+ n 1)) (> n 50))))

(show (call/cc (lambda (k)
                 (for-each (lambda (x) (if (> x 500) (k x))) (iota 1000))
                 'no)))
(show (regexp-substitute/global
       #f "[0-9]+" (string-join (map number->string (iota 2000)) ",")
       'pre "n" 'post))
(show (string-length
       (with-output-to-string
        (lambda ()
          (do ((i 0 (+ i 1))) ((= i 5000)) (format #t "~a ~s\n" i "x"))))))
(show (modulo (expt 7 5000) 1000000007))
(define words (weak-vector (list 1 2) 'symbol (list 3)))
(gc)
(show (weak-vector-ref words 1))
