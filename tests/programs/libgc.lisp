; SPDX-License-Identifier: MIT
; Lists, tables, threads, classes, conditions, text, numbers, functions.
(defun tree (n) (if (= n 0) nil (cons (tree (- n 1)) (tree (- n 1)))))
(defun leaves (tree)
  (if (null tree) 1 (+ (leaves (car tree)) (leaves (cdr tree)))))
(print (loop repeat 5 sum (leaves (tree 13))))

(let ((table (make-hash-table :test 'equal)))
  (dotimes (i 20000) (setf (gethash (format nil "k~a" i) table) i))
  (print (hash-table-count table))
  (print (gethash "k777" table)))

(print (mapcar #'mp:process-join
               (loop for i below 4
                     collect (mp:process-run-function
                              'worker (lambda () (leaves (tree 12)))))))

(defclass point () ((x :initarg :x :accessor point-x) (y :initarg :y)))
(print (loop for i below 5000
             sum (point-x (make-instance 'point :x i :y (list i)))))
(print (handler-case (error "bad ~a" 1) (error (e) (format nil "~a" e))))
(print (length (with-output-to-string (s)
                 (dotimes (i 5000) (format s "~r " i)))))
(print (mod (expt 7 3000) 1000000007))
(print (type-of (ext:make-weak-pointer (list 1))))
(print (eval '(let ((f (lambda (x) (* x x)))) (mapcar f '(1 2 3)))))
(terpri)
